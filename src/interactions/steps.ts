/** The registry of steps: every page that an interaction can lead to, one line each. */
import { createChangeStep } from './change-password/step.ts'
import { createCodeStep } from './code/step.ts'
import { createConsentStep } from './consent/step.ts'
import { createRegisterStep, createResetStep } from './mail/step.ts'
import { createMethodSteps } from './method/step.ts'
import { createPasskeyStep } from './passkey/step.ts'
import { createSignInStep } from './sign-in/step.ts'
import type { Step, StepDeps } from './step.ts'
import { createUnmetStep } from './unmet/step.ts'
import { createUpstreamStep } from './upstream/step.ts'

/** In the order in which they are asked whether a question is theirs: the sign-in page takes what is left. */
const STEPS: readonly ((deps: StepDeps) => Step)[] = [
  createConsentStep,
  createCodeStep,
  createChangeStep,
  createUnmetStep,
  createPasskeyStep,
  createUpstreamStep,
  createResetStep,
  createRegisterStep,
]

/** Throws TypeError where two steps have one path. */
export function createSteps(deps: StepDeps): readonly Step[] {
  const steps = [...createMethodSteps(deps), ...STEPS.map((create) => create(deps)), createSignInStep(deps)]
  const paths = steps.flatMap(({ routes }) => routes.map(({ path }) => path))
  const twice = paths.find((path, at) => paths.indexOf(path) !== at)
  if (twice !== undefined) throw new TypeError(`two steps have the path ${twice}`)
  return steps
}
