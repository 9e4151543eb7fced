/** The outbox tasks that tell clients something: that a session ended, or that a person has answered. */
import type { OutboxTask } from '#outbox/runner.ts'
import { createPingDelivery, type PingDeliveryDeps } from '../grants/ciba/ping-delivery.ts'
import { createLogoutDelivery, type LogoutDeliveryDeps } from '../sign-out/logout-delivery.ts'

export interface Deliveries {
  /** Delivers a logout token to a client. */
  readonly deliverLogout: OutboxTask
  /** Notifies a client that a person has answered its request (CIBA). */
  readonly deliverPing: OutboxTask
}

export function createDeliveries(deps: LogoutDeliveryDeps & PingDeliveryDeps): Deliveries {
  return { deliverLogout: createLogoutDelivery(deps), deliverPing: createPingDelivery(deps) }
}
