/** Holds every answer of the admin API to its own OpenAPI document: status, media type, headers and body. */
import { Ajv2020 } from 'ajv/dist/2020.js'

interface Operation {
  readonly responses: Record<
    string,
    { content?: Record<string, unknown>; headers?: Record<string, { required?: boolean }> }
  >
}

export interface OpenApiDocument {
  readonly paths: Record<string, Record<string, Operation>>
}

export interface SeenAnswer {
  readonly method: string
  /** Below the API, without query. */
  readonly path: string
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

/** Returns what does not fit; nothing when the answer is as the document says, or of no route of the document. */
export function createAnswerCheck(document: OpenApiDocument): (answer: SeenAnswer) => string[] {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema(document, 'api')

  return ({ method, path, status, headers, body }) => {
    const template = Object.keys(document.paths).find((known) => templatePattern(known).test(path))
    const operation = template === undefined ? undefined : document.paths[template]?.[method.toLowerCase()]
    if (template === undefined || !operation) return []
    const response = operation.responses[String(status)]
    if (!response) return [`${method} ${template} does not say that it answers ${status}`]
    const missing = Object.entries(response.headers ?? {})
      .filter(([name, { required }]) => required && !headers.has(name))
      .map(([name]) => `${method} ${template} ${status} has no ${name}`)
    if (!response.content) return body === undefined ? missing : [...missing, 'a body where none is told of']
    const type = (headers.get('content-type') ?? '').split(';')[0] as string
    if (!(type in response.content))
      return [...missing, `${type} is not one of ${Object.keys(response.content).join()}`]
    const pointer = ['paths', template, method.toLowerCase(), 'responses', String(status), 'content', type, 'schema']
    const validate = ajv.getSchema(`api#/${pointer.map(escaped).join('/')}`)
    if (!validate) throw new Error(`there is no schema at ${pointer.join('/')}`)
    const fits = validate(body)
    return fits ? missing : [...missing, ajv.errorsText(validate.errors)]
  }
}

function templatePattern(template: string): RegExp {
  return new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}
