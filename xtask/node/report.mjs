// Counts checks and ends a script with its one-line summary: `name: N checks, M failed`.

export function createReport(name) {
  let checks = 0
  let failed = 0
  const report = {
    /** @param {string} what a sentence that is true if the check holds @param {string} [found] shown if it does not */
    check(what, holds, found = '') {
      checks += 1
      if (!holds) failed += 1
      console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}${holds || !found ? '' : `\n${indent(found)}`}`)
      return holds
    },
    /** Prints the summary and sets the exit code; a run without checks has failed. */
    finish() {
      console.log(`${name}: ${checks} checks, ${failed} failed`)
      process.exitCode = failed === 0 && checks > 0 ? 0 : 1
    },
  }
  process.on('uncaughtException', (error) => {
    report.check(`${name} runs to its end`, false, error.message)
    report.finish()
    process.exit()
  })
  return report
}

function indent(text) {
  return text.trim().split('\n').map((line) => `       ${line}`).join('\n')
}
