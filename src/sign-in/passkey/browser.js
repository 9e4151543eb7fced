/** Runs in browsers, inlined by script.ts: offers passkeys if the browser supports them, and submits the result. */
{
  /** Options are renewed before the server rejects their challenge as expired. */
  const FRESH_MS = 240_000
  const LOOK_EVERY_MS = 10_000

  const decode = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0))
  const encode = (bytes) =>
    bytes &&
    btoa(String.fromCharCode(...new Uint8Array(bytes)))
      .replace(/\+/g, '-')
      .replace(/\//g, '_')
      .replace(/=/g, '')

  const get = (options, mediation, signal) =>
    navigator.credentials.get({
      mediation,
      signal,
      publicKey: { ...options, challenge: decode(options.challenge) },
    })
  const create = (options, signal) =>
    navigator.credentials.create({
      signal,
      publicKey: {
        ...options,
        challenge: decode(options.challenge),
        user: { ...options.user, id: decode(options.user.id) },
        excludeCredentials: options.excludeCredentials.map((one) => ({ ...one, id: decode(one.id) })),
      },
    })

  /** Serializes by hand: some browsers and password managers lack `toJSON`. */
  const textOf = ({ id, rawId, type, response }) =>
    JSON.stringify({
      id,
      rawId: encode(rawId),
      type,
      response: {
        clientDataJSON: encode(response.clientDataJSON),
        authenticatorData: encode(response.authenticatorData),
        signature: encode(response.signature),
        userHandle: encode(response.userHandle),
        attestationObject: encode(response.attestationObject),
        transports: response.getTransports?.(),
      },
    })

  /** Signals removed passkeys and the current name to the password manager (WebAuthn Level 3 signal methods). */
  const tell = async ({ rp, user, excludeCredentials }) => {
    const account = { rpId: rp.id, userId: user.id }
    const allAcceptedCredentialIds = excludeCredentials.map(({ id }) => id)
    const { name, displayName } = user
    await PublicKeyCredential.signalAllAcceptedCredentials?.({ ...account, allAcceptedCredentialIds })
    await PublicKeyCredential.signalCurrentUserDetails?.({ ...account, name, displayName })
  }

  const offer = (form) => {
    const { ceremony, failed, known, renew } = form.dataset
    const said = form.querySelector('[role=alert]')
    let options = JSON.parse(form.dataset.options)
    let since = Date.now()
    let isAsking = false
    let request

    const ask = async (mediation) => {
      request?.abort()
      request = new AbortController()
      const { signal } = request
      const made = await (ceremony === 'create' ? create(options, signal) : get(options, mediation, signal))
      form.elements.credential.value = textOf(made)
      form.submit()
    }
    const listen = async () => {
      if (ceremony === 'get' && (await PublicKeyCredential.isConditionalMediationAvailable?.()))
        await ask('conditional')
    }
    /** Ignores errors: the person need not use the browser's suggestions. */
    const wait = () => {
      listen().catch(() => {})
    }
    const refresh = async () => {
      if (Date.now() - since < FRESH_MS) return false
      since = Date.now()
      const answer = await fetch(renew).catch(() => undefined)
      if (!answer?.ok) return false
      options = await answer.json()
      return true
    }

    form.addEventListener('submit', async (event) => {
      event.preventDefault()
      if (isAsking) return
      isAsking = true
      said.hidden = true
      await refresh()
      await ask().catch((error) => {
        said.textContent = error.name === 'InvalidStateError' ? known : failed
        said.hidden = false
        wait()
      })
      isAsking = false
    })
    setInterval(async () => {
      if (!isAsking && (await refresh())) wait()
    }, LOOK_EVERY_MS)
    form.parentElement.hidden = false
    if (ceremony === 'create') tell(options).catch(() => {})
    wait()
  }

  // passkeys do not work on IP addresses: an RP ID is a domain (WebAuthn §4)
  if (window.PublicKeyCredential && !/^\[|^[\d.]+$/.test(location.hostname)) {
    for (const other of document.querySelectorAll('[data-without-passkeys]')) other.hidden = true
    for (const form of document.querySelectorAll('form[data-ceremony]')) offer(form)
  }
}
