/** The part of a logger that the database room uses; pino's Logger fits. */
export interface DatabaseLog {
  debug(detail: object, message: string): void
  info(detail: object, message: string): void
  warn(detail: object, message: string): void
  error(detail: object, message: string): void
}
