/** Limits of time: exact in `npm run test:soak`, where nothing else runs; in `npm test` the machine may be busy. */

/** The limit in milliseconds; ten times as long in `npm test`, which only finds what hangs. */
export function atMost(milliseconds: number): number {
  return process.env['SIGNET_TEST_SOAK'] === undefined ? milliseconds * 10 : milliseconds
}
