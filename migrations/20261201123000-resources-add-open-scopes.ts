import type { Knex } from 'knex'

/** Also rewrites spellings with a default port, unless that spelling is taken by another resource. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE resources ADD COLUMN open_scopes text[] NOT NULL DEFAULT '{}';
    UPDATE resources r SET canonical = c.canonical
    FROM (SELECT identifier, regexp_replace(canonical, ':(443|80)(/|$)', '\\2') AS canonical
          FROM resources WHERE canonical ~ '^(https://[^/]*:443|http://[^/]*:80)(/|$)') c
    WHERE c.identifier = r.identifier
      AND NOT EXISTS (SELECT FROM resources other WHERE other.canonical = c.canonical);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`ALTER TABLE resources DROP COLUMN open_scopes`)
}
