/** The paths of the registration and reset steps, below the interaction. */

export const MAIL_PATHS = {
  reset: { address: 'forgot', code: 'forgot-code', last: 'forgot-password' },
  register: { address: 'register', code: 'register-code', last: 'register-account' },
} as const

/** The path of the sign-in page, below the interaction. */
export const SIGN_IN_PATH = 'login'
