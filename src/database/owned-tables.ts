/** Declares the tables of a room. */

/**
 * What a restore of the database does to a table. `emptied`: it gives a person or an app access, and the backup may
 * contain access that has ended since. `kept`: it contains what was registered and allowed.
 */
export type AfterRestore = 'emptied' | 'kept'

/** The tables of one room by name. A room writes only to its own tables. */
export type OwnedTables = Readonly<Record<string, AfterRestore>>
