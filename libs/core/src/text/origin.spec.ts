import { describe, expect, it } from 'vitest';
import { originFault } from './origin.js';

describe('originFault', () => {
  it.each([
    'https://app.example.com',
    'https://app.example.com:8443',
    'http://localhost:5173',
    'http://[::1]:5173',
    'capacitor://localhost',
    'ionic://localhost',
  ])('finds nothing wrong with %s', (origin) => {
    expect(originFault(origin)).toBeUndefined();
  });

  it.each([
    ['https://*.example.com', 'list each one'],
    ['*', 'list each one'],
    ['https://app.example.com/', 'write https://app.example.com'],
    ['https://App.example.com', 'write https://app.example.com'],
    ['https://app.example.com:443', 'write https://app.example.com'],
    ['https://app.example.com/path', 'write https://app.example.com'],
    ['https://user@app.example.com', 'write https://app.example.com'],
    ['https://müller.example', 'write https://xn--mller-kva.example'],
    ['null', 'is no origin'],
    ['app.example.com', 'is no origin'],
    ['ftp://app.example.com', 'is no origin'],
    ['capacitor://elsewhere', 'is no origin'],
    ['http:app.example.com', 'is no origin'],
  ])('says of %s what to write: %s', (origin, fault) => {
    expect(originFault(origin)).toContain(fault);
  });
});
