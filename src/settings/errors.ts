/** The errors of the settings room. */
import { AppError, type Fault } from '#shared/app-error.ts'

/** 400: the settings contradict each other. */
export class SettingsInvalid extends AppError {
  override readonly code = 'settings_invalid'
  override readonly status = 400

  constructor(faults: readonly Fault[]) {
    super(`The settings contradict each other in: ${faults.map(({ field }) => field).join(', ')}.`, { faults })
  }
}
