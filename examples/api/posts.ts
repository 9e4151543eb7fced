/** The posts of the example API: kept in memory, numbered as they come. */

interface Post {
  readonly id: number
  readonly title: string
}

export interface Posts {
  list(): Post[]
  add(title: string): Post
  /** Undefined when there is no such post. */
  rename(id: number, title: string): Post | undefined
  remove(id: number): boolean
}

export function createPosts(): Posts {
  const titles = new Map([
    [1, 'First Post'],
    [2, 'Second Post'],
  ])
  let last = titles.size

  return {
    list: () => [...titles].map(([id, title]) => ({ id, title })),
    add(title) {
      last += 1
      titles.set(last, title)
      return { id: last, title }
    },
    rename(id, title) {
      if (!titles.has(id)) return undefined
      titles.set(id, title)
      return { id, title }
    },
    remove: (id) => titles.delete(id),
  }
}
