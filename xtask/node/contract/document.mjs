// What an OpenAPI document says of operations and their answers.
import Ajv from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

const METHODS = ['get', 'put', 'post', 'delete']

/** @returns {{ name: string, id: string, method: string, path: string, matches: (method: string, path: string) => boolean, definition: any }[]} */
export function operations(document) {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => {
      const segments = path.split('/').map((part) => (/^\{.*\}$/.test(part) ? null : part))
      return {
        name: `${method.toUpperCase()} ${path}`,
        id: item[method].operationId,
        method: method.toUpperCase(),
        path,
        definition: item[method],
        matches(otherMethod, otherPath) {
          const parts = otherPath.split('/')
          return (
            otherMethod === method.toUpperCase() &&
            parts.length === segments.length &&
            // A written segment goes before a parameter, so `/a/b` is not asked of `/a/{id}` where both exist.
            segments.every((segment, index) => segment === null || segment === parts[index]) &&
            (otherPath === path || !(document.paths[otherPath]?.[method]))
          )
        },
      }
    }),
  )
}

/**
 * Judges answers: is this status, with this media type and body, what the document says?
 * The returned function names each lie in a sentence; an honest answer has none.
 */
export function createJudge(document) {
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false, validateFormats: true })
  addFormats(ajv)
  ajv.addSchema(document, 'document')
  return (operation, { status, mediaType, body }) => {
    const { responses } = operation.definition
    const key = [String(status), `${String(status)[0]}XX`, 'default'].find((one) => responses[one])
    if (!key) return [`answers ${status}, and the document knows ${Object.keys(responses).join(', ')}`]
    const content = responses[key].content
    if (!content) return body === '' ? [] : [`answers ${status} with a body, and the document has none`]
    const type = mediaType.split(';')[0].trim().toLowerCase()
    const range = Object.keys(content).find((one) => one === type || one === '*/*')
    if (!range) return [`answers ${status} as "${type}", and the document knows ${Object.keys(content).join(', ')}`]
    if (!/[/+]json$/.test(type)) return []
    const pointer = ['paths', operation.path, operation.method.toLowerCase(), 'responses', key, 'content', range, 'schema']
    const validate = ajv.getSchema(`document#/${pointer.map(escaped).join('/')}`)
    if (!validate) return [`has no schema for ${status} ${range}`]
    let value
    try {
      value = JSON.parse(body)
    } catch {
      return [`answers ${status} as JSON that cannot be read: ${body.slice(0, 200)}`]
    }
    if (validate(value)) return []
    return validate.errors.map((error) => `${status}: ${error.instancePath || 'the body'} ${error.message}: ${body.slice(0, 200)}`)
  }
}

function escaped(part) {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}
