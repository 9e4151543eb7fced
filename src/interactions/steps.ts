/** The registry of steps: every page of an interaction, one line each. */
import { createChangeStep } from './change-password/step.ts'
import { createCodeStep } from './code/step.ts'
import { createConsentStep } from './consent/step.ts'
import { createDeviceStep } from './device/step.ts'
import { createContinueStep } from './continue/step.ts'
import { createRegisterStep, createResetStep } from './mail/step.ts'
import { createMailCodeStep } from './mail-code/step.ts'
import { createMethodSteps } from './method/step.ts'
import { createPasskeyStep } from './passkey/step.ts'
import { createSelectAccountStep } from './select-account/step.ts'
import { createSignInStep } from './sign-in/step.ts'
import type { Step, StepDeps } from './step.ts'
import { createUnmetStep } from './unmet/step.ts'
import { createUpstreamStep } from './upstream/step.ts'

/** The first step that answers a question shows its page. The sign-in page comes last and takes the rest. */
const STEPS: readonly ((deps: StepDeps) => Step)[] = [
  createConsentStep,
  createDeviceStep,
  createContinueStep,
  createSelectAccountStep,
  createCodeStep,
  createChangeStep,
  createUnmetStep,
  createMailCodeStep,
  createPasskeyStep,
  createUpstreamStep,
  createResetStep,
  createRegisterStep,
]

/** Creates all steps. Throws TypeError if two have the same path. */
export function createSteps(deps: StepDeps): readonly Step[] {
  const steps = [...createMethodSteps(deps), ...STEPS.map((create) => create(deps)), createSignInStep(deps)]
  const paths = steps.flatMap(({ routes }) => routes.map(({ path }) => path))
  const twice = paths.find((path, at) => paths.indexOf(path) !== at)
  if (twice !== undefined) throw new TypeError(`two steps have the path ${twice}`)
  return steps
}
