/** When to stop: the first signal asks for an orderly end, a second one ends at once; a bug ends the process too. */
import type { Logger } from '#observability/logger.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const
/** A terminal and npm both hand on the same Ctrl-C: what comes this soon is no second wish. */
const SAME_WISH_MS = 500

export interface Stop {
  /** Resolves at the first signal. */
  readonly requested: Promise<NodeJS.Signals>
  /** From now on a signal is answered by `requested`; before, it ends the process at once, for nothing is open yet. */
  arm(): void
  /** Takes the listeners away. */
  forget(): void
}

/** Listens for the signals that stop a server. */
export function listenForStop(): Stop {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  let armed = false
  let firstAt: number | undefined
  function onSignal(signal: NodeJS.Signals): void {
    if (!armed) process.exit(0)
    if (firstAt !== undefined && Date.now() - firstAt > SAME_WISH_MS) process.exit(1)
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

/** An error that nobody caught leaves the process in a state that nobody knows: it is logged and the process ends. */
export function endOnBugs(logger: Logger): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, 'a bug ends this process')
      process.exit(1)
    })
  }
}
