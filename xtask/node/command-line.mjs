// Options for the scripts: `--help` prints the text, a wrong or missing option ends with code 2.
import { parseArgs } from 'node:util'

/**
 * @param {string} help the script's own text; its first line is the usage
 * @param {Record<string, { type: 'string' | 'boolean', multiple?: boolean, default?: any, required?: boolean, choices?: string[] }>} options
 */
export function readOptions(help, options) {
  try {
    const { values } = parseArgs({ options: { help: { type: 'boolean' }, ...options } })
    if (values.help) {
      console.log(help.trim())
      process.exit(0)
    }
    for (const [name, option] of Object.entries(options)) {
      if (option.required && !values[name]?.length) throw new Error(`--${name} is missing`)
      if (option.choices && !option.choices.includes(values[name])) {
        throw new Error(`--${name} must be one of ${option.choices.join(', ')}, not "${values[name]}"`)
      }
    }
    return values
  } catch (error) {
    console.error(`${error.message}\n\n${help.trim()}`)
    process.exit(2)
  }
}
