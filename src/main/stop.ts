/** Handles stop signals: the first asks for a shutdown, a second one exits at once. Bugs exit the process too. */
import type { Logger } from '#observability/logger.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const
/** A terminal and npm both forward the same Ctrl-C, so signals within this time count as one. */
const SAME_SIGNAL_MS = 500

export interface Stop {
  /** Resolves at the first signal. */
  readonly requested: Promise<NodeJS.Signals>
  /** From now on signals resolve `requested`. Before, they exit at once, because nothing is open yet. */
  arm(): void
  /** Removes the listeners. */
  forget(): void
}

/** Listens for the signals that stop a server. */
export function listenForStop(): Stop {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  let armed = false
  let firstAt: number | undefined
  function onSignal(signal: NodeJS.Signals): void {
    if (!armed) process.exit(0)
    if (firstAt !== undefined && Date.now() - firstAt > SAME_SIGNAL_MS) process.exit(1)
    firstAt ??= Date.now()
    resolve(signal)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    requested: promise,
    arm: () => {
      armed = true
    },
    forget: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}

/** Logs an uncaught error and exits, because it leaves the process in an unknown state. */
export function exitOnBugs(logger: Logger): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, 'a bug ends this process')
      process.exit(1)
    })
  }
}
