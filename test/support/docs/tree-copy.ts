/** Copies the project's files to an empty folder, as a clone would. */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atEnd } from '../endings.ts'

export const ROOT = join(import.meta.dirname, '../../..')

/** Creates an empty folder that every user can enter and that is removed with the test file. */
export function emptyFolder(name: string): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `signet-${name}-`)))
  chmodSync(folder, 0o755)
  atEnd(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Returns the files that a clone would have, including uncommitted ones. */
export function treeFiles(): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\0')
  return listed.filter((path) => path !== '' && existsSync(join(ROOT, path)))
}

/** Copies the files, or those that `chosen` accepts, to `folder`. */
export function copyTree(folder: string, chosen: (path: string) => boolean = () => true): void {
  for (const path of treeFiles().filter(chosen)) cpSync(join(ROOT, path), join(folder, path))
}
