import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { CoreConfig } from '@countersign/core';
import { FactorRegistry } from '@countersign/factors';
import { documentConventions } from './openapi.conventions.js';
import { documentProblems } from './openapi.problems.js';
import { documentProviders } from './openapi.providers.js';

/** Serves the OpenAPI document at `/openapi.json` and its browsable form at `/docs`. */
export function serveOpenApi(
  app: NestFastifyApplication,
  { publicUrl }: Pick<CoreConfig, 'publicUrl'>,
): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app, publicUrl), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    customSiteTitle: 'Countersign API',
    swaggerOptions: { persistAuthorization: false, validatorUrl: null },
  });
}

/** The complete contract: every route, every error with an example, every provider's own fields. */
function openApiDocument(app: NestFastifyApplication, publicUrl: string): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Countersign')
    .setDescription('Self-hosted two-factor authentication.')
    .setVersion('1')
    // Also where a proxy takes a part of the path away.
    .addServer(publicUrl)
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token.' },
      'accessToken',
    )
    .addApiKey(
      {
        type: 'apiKey',
        in: 'header',
        name: 'X-API-Key',
        description: "A server's API key: `cs_…`. `Authorization: Bearer cs_…` does the same.",
      },
      'apiKey',
    )
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A temp token: `tmp_…`.' }, 'tempToken')
    .addCookieAuth(
      '__Host-countersign-refresh-default',
      {
        type: 'apiKey',
        description:
          'A session in a cookie, whose name ends with the slug of its application; with an allowed `Origin` and `X-CSRF-Token`.',
      },
      'cookie',
    )
    .addSecurityRequirements('accessToken')
    .build();
  const document = SwaggerModule.createDocument(app, config);
  documentProviders(document, app.get(FactorRegistry));
  documentProblems(document);
  documentConventions(document);
  return document;
}
