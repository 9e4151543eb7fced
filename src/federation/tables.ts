/** The tables of this room, and what a restore of the database does to them. */
import type { OwnedTables } from '#database/owned-tables.ts'

export const TABLES = {
  upstream_domains: 'kept',
  upstream_links: 'kept',
  upstream_offers: 'emptied',
  upstream_requests: 'emptied',
  upstreams: 'kept',
} as const satisfies OwnedTables
