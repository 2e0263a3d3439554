/** Whether exactly the planted lies were found; each may have been found several times. */
export function same(found, planted) {
  const sorted = (names) => [...new Set(names)].sort().join()
  return sorted(found) === sorted(planted)
}
