// ESLint rules for code that runs in a mini-program: ES5 built-ins plus Promise and what Tencent's own list
// (npm miniprogram-compat) gives each base library; no browser globals, no dynamic code.
import compat from 'eslint-plugin-compat'
import esX from 'eslint-plugin-es-x'
import miniProgramCompat from 'miniprogram-compat'

/** The globals that miniprogram-api-typings declares, less those that the generated client has no use for. */
const GLOBALS = { wx: 'readonly', module: 'writable', exports: 'writable', require: 'readonly', console: 'readonly',
  setTimeout: 'readonly', clearTimeout: 'readonly', Promise: 'readonly' }

const ALLOWED = [
  // Later than ES5, but every supported phone has it.
  'es-x/no-promise',
  'es-x/no-typed-arrays',
  // In ES5 for arrays; ES2025 gave iterators methods of the same names.
  ...['every', 'filter', 'foreach', 'map', 'reduce', 'some'].map((method) => `es-x/no-iterator-prototype-${method}`),
]

/** @param {string} baseLibrary */
export function miniProgramRules(baseLibrary) {
  const es5 = esX.configs['flat/restrict-to-es5']
  return [
    {
      files: ['**/*.js'],
      ...es5,
      rules: { ...es5.rules, ...Object.fromEntries(ALLOWED.map((rule) => [rule, 'off'])) },
    },
    {
      files: ['**/*.js'],
      languageOptions: { ecmaVersion: 2017, sourceType: 'commonjs', globals: GLOBALS },
      plugins: { compat },
      settings: {
        browsers: miniProgramCompat.getBrowsersList(baseLibrary),
        lintAllEsApis: true,
        polyfills: [],
        // Methods such as Array.prototype.flat are refused on every object whose type is not known.
        'es-x': { aggressive: true },
      },
      rules: {
        'no-undef': 'error',
        'no-eval': 'error',
        'no-new-func': 'error',
        'no-implied-eval': 'error',
        'compat/compat': 'error',
      },
    },
  ]
}
