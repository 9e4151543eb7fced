/** Checks the input to create or change an upstream provider. All faults are reported at once. */
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import { credentialFaults } from './credential-rules.ts'
import { UpstreamInvalid } from './errors.ts'
import {
  claimsFault,
  clientIdFault,
  domainsFault,
  idFault,
  issuerFault,
  lowered,
  nameFault,
  OTHER_SERVER,
  scopesFault,
  type UpstreamRules,
} from './member-rules.ts'
import { presetFault, presetValues } from './presets/check.ts'
import { OPEN_TENANTS } from './presets/microsoft.ts'
import { presetOf, traitsOf } from './presets/registry.ts'
import type { Upstream, UpstreamInput } from './upstream.ts'

export type UpstreamFields = Omit<Upstream, 'publicJwk' | 'version' | 'createdAt' | 'updatedAt'>

/** Returns the fields of a provider: `input` on top of `before`. Throws UpstreamInvalid with all faults. */
export function validateUpstream(
  input: Partial<UpstreamInput>,
  before: Upstream | undefined,
  rules: UpstreamRules,
): UpstreamFields {
  const wrongPreset = presetFault(input, before)
  // nothing else can be judged without it
  if (wrongPreset) throw new UpstreamInvalid([wrongPreset])
  const faults: Fault[] = []
  const check = checker(input, before, faults)
  const preset = presetOf(before?.preset ?? input.preset)
  const traits = preset ?? traitsOf({ preset: undefined })
  const values = presetValues(preset, input.presetValues, before, { allowHttp: rules.allowHttp, faults })
  const fields: UpstreamFields = {
    id: check.fixed('id', idFault),
    preset: before ? before.preset : (input.preset ?? undefined),
    presetValues: values,
    issuer:
      preset && !before
        ? check.derived(preset.issuerOf(values), rules)
        : check.fixed('issuer', (given) => issuerFault(given, rules)),
    name: check.changed('name', preset?.name ?? input.id ?? '', nameFault),
    clientId: check.changed('clientId', undefined, clientIdFault),
    authMethod: check.oneOf('authMethod', traits.authMethods),
    scopes: check.changed('scopes', traits.scopes, (given) => scopesFault(given, traits.oauth === undefined)),
    claims: check.changed('claims', traits.claims, claimsFault),
    domains: lowered(check.changed('domains', [], domainsFault)),
    trustEmail: check.flag('trustEmail', false),
    responseMode: check.oneOf('responseMode', traits.responseModes),
    ownRedirect: check.flag('ownRedirect', true),
    justInTime: check.flag('justInTime', false),
    logout: check.flag('logout', false),
    enabled: check.flag('enabled', true),
  }
  faults.push(...credentialFaults(input, fields.authMethod, before))
  checkTrust(fields, faults)
  if (faults.length > 0) throw new UpstreamInvalid(faults)
  return fields
}

/** The members by their names in the API. */
export const MEMBERS = {
  id: 'id',
  name: 'name',
  preset: 'preset',
  presetValues: 'preset_values',
  issuer: 'issuer',
  clientId: 'client_id',
  authMethod: 'token_endpoint_auth_method',
  clientSecret: 'client_secret',
  privateKey: 'private_key',
  scopes: 'scopes',
  claims: 'claims',
  domains: 'domains',
  trustEmail: 'trust_email',
  responseMode: 'response_mode',
  ownRedirect: 'own_redirect_uri',
  justInTime: 'just_in_time',
  logout: 'logout',
  enabled: 'enabled',
} as const satisfies Record<keyof UpstreamInput, string>

type Rule = (given: unknown) => string | undefined
type FlagName = 'trustEmail' | 'ownRedirect' | 'justInTime' | 'logout' | 'enabled'
type ChangedName = 'name' | 'clientId' | 'authMethod' | 'responseMode' | 'scopes' | 'claims' | 'domains'

function checker(input: Partial<UpstreamInput>, before: Upstream | undefined, faults: Fault[]) {
  const refuse = (member: keyof UpstreamInput, expected: string) =>
    faults.push({ field: MEMBERS[member], given: shown(input[member]), expected })

  function changed<Member extends ChangedName>(
    member: Member,
    fallback: Upstream[Member] | undefined,
    rule: Rule,
  ): Upstream[Member] {
    const given: unknown = input[member] ?? before?.[member] ?? fallback
    const expected = rule(given)
    if (expected !== undefined) refuse(member, expected)
    return given as Upstream[Member]
  }

  return {
    changed,
    /** Returns a member that is set once and never changes. */
    fixed(member: 'id' | 'issuer', rule: Rule): string {
      const given: unknown = input[member]
      if (before === undefined) {
        const expected = rule(given)
        if (expected !== undefined) refuse(member, expected)
        return String(given)
      }
      if (given !== undefined && given !== before[member]) {
        refuse(member, `${before[member]}: it never changes; add another upstream provider`)
      }
      return before[member]
    },
    /** Returns the issuer that follows from a preset. */
    derived(issuer: string, { self }: UpstreamRules): string {
      const isOther = input.issuer !== undefined && input.issuer !== issuer
      if (isOther) refuse('issuer', `no issuer: it follows from the preset, and is ${issuer}`)
      else if (issuer === self) refuse('issuer', OTHER_SERVER)
      return issuer
    },
    /** Returns a member that has one of `allowed`, the first of them by default. */
    oneOf<Member extends 'authMethod' | 'responseMode'>(
      member: Member,
      allowed: readonly [Upstream[Member], ...Upstream[Member][]],
    ): Upstream[Member] {
      const isAllowed = (given: unknown) => allowed.some((each) => each === given)
      return changed(member, allowed[0], (given) => (isAllowed(given) ? undefined : allowed.join(' or ')))
    },
    flag(member: FlagName, fallback: boolean): boolean {
      const given: unknown = input[member]
      if (given !== undefined && typeof given !== 'boolean') refuse(member, 'true or false')
      return typeof given === 'boolean' ? given : (before?.[member] ?? fallback)
    },
  }
}

/** Refuses to trust addresses that nobody answers for: those of every tenant of Entra ID. */
function checkTrust({ issuer, trustEmail }: UpstreamFields, faults: Fault[]): void {
  if (!trustEmail || !OPEN_TENANTS.test(issuer)) return
  const expected =
    'false: every tenant of Entra ID can claim any address; add the provider with the issuer of one tenant'
  faults.push({ field: MEMBERS.trustEmail, given: 'true', expected })
}
