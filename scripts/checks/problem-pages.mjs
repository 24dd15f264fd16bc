// Fails where docs/problems says anything else than the catalogue of error codes.
import { differences, madeProblemPages, report } from '../lib/documents/generated.mjs';
import { runMain } from '../lib/repository.mjs';

await runMain(async () => report(differences(await madeProblemPages())));
