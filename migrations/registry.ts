/** Every migration in the order of its name; a release only ever adds to the end. */
import * as m1 from './20261124000100-database-create-release.ts'
import * as m2 from './20261124000200-audit-create-events.ts'
import * as m3 from './20261124000300-resources-create-resources.ts'
import * as m4 from './20261124000400-clients-create-clients.ts'
import * as m5 from './20261124000500-accounts-create-accounts.ts'
import * as m6 from './20261124000600-signing-keys-create-keys.ts'
import * as m7 from './20261124000700-sign-in-create-passwords.ts'
import * as m8 from './20261124000800-oidc-create-artefacts.ts'
import * as m9 from './20261124000900-oidc-create-statuses.ts'
import * as m10 from './20261124110000-settings-create-settings.ts'
import * as m11 from './20261124112000-oidc-create-restore-epoch.ts'
import * as m12 from './20261124112600-clients-create-keys.ts'
import * as m13 from './20261124120000-sign-in-create-second-factors.ts'
import * as m14 from './20261124120100-sign-in-create-passkeys.ts'
import * as m15 from './20261124120500-database-create-outbox.ts'
import * as m16 from './20261124120600-mail-create-kept-mails.ts'
import * as m17 from './20261124121000-sign-in-create-attempts.ts'
import * as m18 from './20261124121000-signing-keys-create-pepper.ts'
import * as m19 from './20261124123000-sign-in-create-email-codes.ts'
import * as m20 from './20261124125000-oidc-add-session-traces.ts'
import * as m21 from './20261124131000-sign-in-create-errands.ts'
import * as m22 from './20261124132000-sign-in-create-upstreams.ts'
import * as m23 from './20261201002000-clients-add-origin.ts'
import * as m24 from './20261201055137-clients-create-deleted-clients.ts'
import * as m25 from './20261201055317-sign-in-create-budgets.ts'
import * as m26 from './20261201060843-verification-bind-links.ts'
import * as m27 from './20261201061247-signing-keys-create-archive.ts'
import * as m28 from './20261201061519-accounts-add-email-changed-at.ts'
import * as m29 from './20261201061537-audit-partition-events.ts'
import * as m30 from './20261201062213-audit-add-caller-request.ts'
import * as m31 from './20261201062418-sign-in-add-proof-times.ts'
import * as m32 from './20261201063419-clients-add-ignored-keys.ts'
import * as m33 from './20261201063540-database-raise-release.ts'
import * as m34 from './20261201063541-sign-in-seal-passwords.ts'
import * as m35 from './20261201064413-clients-set-id-token-claims.ts'
import * as m36 from './20261201064633-sign-in-create-lost-factors.ts'
import * as m37 from './20261201064713-sign-in-add-passkey-changes.ts'
import * as m38 from './20261201065137-resources-add-access-token-typ.ts'
import * as m39 from './20261201070213-sign-in-create-factor-failures.ts'
import * as m40 from './20261201070443-sign-in-add-upstream-answers.ts'
import * as m41 from './20261201120000-federation-add-presets.ts'
import * as m42 from './20261201121001-oidc-add-polls.ts'
import * as m43 from './20261201122001-clients-create-registrations.ts'
import * as m120 from './20261201123000-resources-add-open-scopes.ts'
import * as m121 from './20261201123001-clients-create-documents.ts'
import * as m44 from './20261201124001-database-add-outbox-keys.ts'
import * as m45 from './20261201130000-resources-add-authorization-details-types.ts'
import * as m46 from './20261201140000-oidc-index-backchannel-requests.ts'
import * as m47 from './20261201140001-clients-name-refused-registrations.ts'
import * as m48 from './20261201173000-sign-in-create-user-codes.ts'

export const MIGRATIONS = {
  '20261124000100-database-create-release': m1,
  '20261124000200-audit-create-events': m2,
  '20261124000300-resources-create-resources': m3,
  '20261124000400-clients-create-clients': m4,
  '20261124000500-accounts-create-accounts': m5,
  '20261124000600-signing-keys-create-keys': m6,
  '20261124000700-sign-in-create-passwords': m7,
  '20261124000800-oidc-create-artefacts': m8,
  '20261124000900-oidc-create-statuses': m9,
  '20261124110000-settings-create-settings': m10,
  '20261124112000-oidc-create-restore-epoch': m11,
  '20261124112600-clients-create-keys': m12,
  '20261124120000-sign-in-create-second-factors': m13,
  '20261124120100-sign-in-create-passkeys': m14,
  '20261124120500-database-create-outbox': m15,
  '20261124120600-mail-create-kept-mails': m16,
  '20261124121000-sign-in-create-attempts': m17,
  '20261124121000-signing-keys-create-pepper': m18,
  '20261124123000-sign-in-create-email-codes': m19,
  '20261124125000-oidc-add-session-traces': m20,
  '20261124131000-sign-in-create-errands': m21,
  '20261124132000-sign-in-create-upstreams': m22,
  '20261201002000-clients-add-origin': m23,
  '20261201055137-clients-create-deleted-clients': m24,
  '20261201055317-sign-in-create-budgets': m25,
  '20261201060843-verification-bind-links': m26,
  '20261201061247-signing-keys-create-archive': m27,
  '20261201061519-accounts-add-email-changed-at': m28,
  '20261201061537-audit-partition-events': m29,
  '20261201062213-audit-add-caller-request': m30,
  '20261201062418-sign-in-add-proof-times': m31,
  '20261201063419-clients-add-ignored-keys': m32,
  '20261201063540-database-raise-release': m33,
  '20261201063541-sign-in-seal-passwords': m34,
  '20261201064413-clients-set-id-token-claims': m35,
  '20261201064633-sign-in-create-lost-factors': m36,
  '20261201064713-sign-in-add-passkey-changes': m37,
  '20261201065137-resources-add-access-token-typ': m38,
  '20261201070213-sign-in-create-factor-failures': m39,
  '20261201070443-sign-in-add-upstream-answers': m40,
  '20261201120000-federation-add-presets': m41,
  '20261201121001-oidc-add-polls': m42,
  '20261201122001-clients-create-registrations': m43,
  '20261201123000-resources-add-open-scopes': m120,
  '20261201123001-clients-create-documents': m121,
  '20261201124001-database-add-outbox-keys': m44,
  '20261201130000-resources-add-authorization-details-types': m45,
  '20261201140000-oidc-index-backchannel-requests': m46,
  '20261201140001-clients-name-refused-registrations': m47,
  '20261201173000-sign-in-create-user-codes': m48,
} as const
