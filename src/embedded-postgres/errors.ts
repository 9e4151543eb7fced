/** The error of the embedded PostgreSQL. */
import { AppError } from '#shared/app-error.ts'

/** The embedded PostgreSQL cannot start. The message is one sentence that says what to do. */
export class EmbeddedPostgresError extends AppError {
  override readonly code = 'database_start_failed'
  override readonly status = 503
}
