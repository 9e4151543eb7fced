/** The paths of the registration and reset steps, below the interaction. */

export const MAIL_PATHS = {
  reset: { address: 'forgot', code: 'forgot-code', last: 'forgot-password' },
  register: { address: 'register', code: 'register-code', last: 'register-account' },
} as const
