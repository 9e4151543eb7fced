/** What a room says of its tables. */

/**
 * What a restore does to a table. `emptied`: it holds what opens a door for a person or an app, which the backup may have
 * in a state that has ended since. `kept`: it holds what was registered and allowed.
 */
export type AfterRestore = 'emptied' | 'kept'

/** By the name of the table. A room writes to its own tables alone. */
export type OwnedTables = Readonly<Record<string, AfterRestore>>
