/** Runs an outbox in its own process and prints what it does: `node outbox-process.ts URL MILLISECONDS`. */
import { setTimeout as delay } from 'node:timers/promises'
import { openOutboxRunner } from '#outbox/runner.ts'

const [url = '', workMs = '0'] = process.argv.slice(2)

function say(word: string, payload: unknown): void {
  process.stdout.write(`${JSON.stringify({ word, payload })}\n`)
}

await openOutboxRunner({
  url,
  taskMs: 1500,
  leaseMs: 2000,
  pollMs: 100,
  tasks: {
    async try(payload) {
      say('began', payload)
      await delay(Number(workMs))
      say('did', payload)
    },
  },
})
say('ready', undefined)
