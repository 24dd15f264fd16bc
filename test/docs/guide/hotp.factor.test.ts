import { describeFactorContract } from '@countersign/factor-testing';
import { HOTP, Secret } from 'otpauth';
import { HotpFactor } from './hotp.factor.js';

function press(seed: unknown, times: number): string {
  return HOTP.generate({ secret: Secret.fromBase32(String(seed)), counter: times });
}

describeFactorContract('the button token', {
  provider: HotpFactor,
  answer: ({ shown, nth }) => ({ code: press(shown['seed'], nth) }),
  wrongAnswer: ({ shown }) => {
    const soon = Array.from({ length: 30 }, (_, times) => press(shown['seed'], times));
    return { code: ['000000', '111111', '222222'].find((code) => !soon.includes(code)) };
  },
});
