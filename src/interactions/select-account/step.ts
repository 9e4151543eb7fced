/** The step that asks which account to continue with (`prompt=select_account`). */
import { createClickStep } from '../click-step.ts'
import type { Step, StepDeps } from '../step.ts'
import { selectAccountPage } from './page.ts'

export function createSelectAccountStep(deps: StepDeps): Step {
  const { gateway, paths } = deps
  return createClickStep(deps, {
    prompt: 'select_account',
    page: selectAccountPage,
    forms: {
      'select-account': (ctx) => gateway.selected(ctx),
      async 'another-account'(ctx, { uid }) {
        await gateway.asAnother(ctx)
        paths.backToQuestion(ctx, uid)
      },
    },
  })
}
