import { describe, expect, it } from 'vitest';
import { smsDestination } from './sms-destination.js';

const anywhere = { countries: undefined, prefixes: [] };
const here = (...countries: string[]): { countries: ReadonlySet<string>; prefixes: string[] } => ({
  countries: new Set(countries),
  prefixes: [],
});

describe('where an SMS may go', () => {
  it.each([
    ['+447400123456', 'GB'],
    ['+995555102077', 'GE'],
    ['+14155550167', 'US'],
    // Of Guernsey, though it looks like Great Britain's.
    ['+447911123456', 'GG'],
  ])('%s is a mobile number of %s', (number, country) => {
    expect(smsDestination(number, anywhere)).toEqual({ allowed: true, country, known: true });
    expect(smsDestination(number, here(country))).toMatchObject({ allowed: true });
    expect(smsDestination(number, here('AQ'))).toMatchObject({
      allowed: false,
      reason: 'country_not_allowed',
    });
  });

  it.each([
    ['+995111111111', 'GE'],
    ['+441111111111', 'GB'],
    ['+77991234567', 'KZ'],
  ])('%s is of no known type, and may go where %s is allowed', (number, country) => {
    expect(smsDestination(number, here(country))).toEqual({ allowed: true, country, known: false });
    expect(smsDestination(number, here('DE'))).toMatchObject({
      allowed: false,
      reason: 'country_not_allowed',
    });
  });

  it.each(['+14362345678', '+16242345678'])(
    '%s has an unknown area code, which has to be named',
    (number) => {
      const range = number.slice(0, 5);
      for (const allowed of [anywhere, here('US'), { ...anywhere, prefixes: ['+1999'] }]) {
        expect(smsDestination(number, allowed)).toEqual({ allowed: false, reason: 'invalid_number', range });
      }
      for (const countries of [undefined, new Set(['US']), new Set(['DE'])]) {
        const allowed = smsDestination(number, { countries, prefixes: ['+1999', range] });
        expect(allowed).toEqual({ allowed: true, country: 'US', known: false });
      }
    },
  );

  it.each([
    ['a landline', '+442079460000', 'not_a_mobile_number'],
    ['a premium number', '+449098790000', 'not_a_mobile_number'],
    ['a premium number of North America', '+19002345678', 'not_a_mobile_number'],
    ['a toll-free number', '+18002345678', 'not_a_mobile_number'],
    ['voice over IP', '+445600123456', 'not_a_mobile_number'],
    ['a satellite phone', '+881612345678', 'not_a_mobile_number'],
    ['an international network', '+88212345678', 'not_a_mobile_number'],
    ['too short a number', '+4474001234', 'invalid_number'],
  ])('%s never does, whatever prefix is named', (_what, number, reason) => {
    for (const prefixes of [[], [number.slice(0, 5)]]) {
      expect(smsDestination(number, { countries: undefined, prefixes })).toMatchObject({
        allowed: false,
        reason,
      });
    }
  });
});
