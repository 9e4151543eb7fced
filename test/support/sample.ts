/** What takes minutes in all its combinations: `npm test` tries a sample of them, `npm run test:soak` all. */

/** Whether this run tries all combinations. */
export const TRIES_ALL = process.env['SIGNET_TEST_SOAK'] !== undefined
