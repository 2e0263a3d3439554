// What each request layer is put to, and how the outcome reads. A scenario begins with a user who is logged in.

const pause = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds))
const settled = async (calls) => (await Promise.allSettled(calls.map((call) => call.promise))).filter(({ status }) => status === 'fulfilled').length
const times = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`

/** @type {Record<string, { title: string, play: (client: object, server: object) => Promise<object>, right: (found: object) => boolean, tell: (found: object) => string }>} */
export const SCENARIOS = {
  expired: {
    title: 'Eight calls at once on an expired token',
    async play(client, server) {
      server.expire()
      const calls = Array.from({ length: 8 }, (_, index) => client.getItem(`e${index}`))
      return { answered: await settled(calls), logins: server.logins, codesUsedTwice: server.codesUsedTwice }
    },
    right: (found) => found.answered === 8 && found.logins === 1 && found.codesUsedTwice === 0,
    tell: (found) => `${found.answered} of 8 answered, ${times(found.logins, 'login')}`,
  },
  eleventh: {
    title: 'Fifteen calls at once where the eleventh fails',
    async play(client, server) {
      const calls = Array.from({ length: 15 }, (_, index) => client.getItem(`q${index}`))
      return { answered: await settled(calls), most: server.most }
    },
    right: (found) => found.answered === 15 && found.most <= 10,
    tell: (found) => `${found.answered} of 15 answered`,
  },
  late: {
    title: 'A 401 that arrives after the new login',
    async play(client, server) {
      server.expire()
      const release = server.hold('/items/slow')
      const slow = client.getItem('slow')
      const quick = client.getItem('quick')
      await quick.promise
      release()
      await Promise.allSettled([slow.promise])
      return { answered: await settled([slow, quick]), logins: server.logins, codesUsedTwice: server.codesUsedTwice }
    },
    right: (found) => found.answered === 2 && found.logins === 1 && found.codesUsedTwice === 0,
    tell: (found) => `${found.answered} of 2 answered, ${times(found.logins, 'login')}`,
  },
  patch: {
    title: 'PATCH, which `wx.request` cannot send',
    async play(client) {
      const outcome = await client.patchItem('p1', { title: 'x' }).promise.then(({ title }) => ({ title }), (error) => ({ error: String(error.errMsg ?? error.message ?? error) }))
      return outcome
    },
    right: (found) => found.title === 'PATCH',
    tell: (found) => (found.title === 'PATCH' ? 'arrives as PATCH' : `fails: ${found.error ?? `arrives as ${found.title}`}`),
  },
  digits: {
    title: 'The id 9007199254740993',
    async play(client) {
      const { id } = await client.getOrder('9007199254740993').promise
      return { id: String(id), as: typeof id }
    },
    right: (found) => found.id === '9007199254740993',
    tell: (found) => `${found.id === '9007199254740993' ? 'kept' : `becomes ${found.id}`} (${found.as})`,
  },
  abort: {
    title: '`abort` at once, while a request interceptor still runs',
    async play(client, server) {
      const call = client.getItem('a1')
      if (!call.abort) {
        await Promise.allSettled([call.promise])
        return { can: false }
      }
      const release = server.hold('/items/a1')
      call.abort()
      const ended = await end(call)
      const goesOn = server.received.includes('GET /items/a1') && !server.aborted.includes('/items/a1')
      release()
      return { can: true, ended, goesOn }
    },
    right: (found) => found.can && found.ended === 'failed' && !found.goesOn,
    tell: aborted,
  },
  underWay: {
    title: '`abort` of a request under way',
    async play(client, server) {
      const release = server.hold('/items/a2')
      const call = client.getItem('a2')
      while (!server.received.includes('GET /items/a2')) await pause(1)
      if (!call.abort) {
        release()
        return { can: false }
      }
      call.abort()
      const ended = await end(call)
      const goesOn = !server.aborted.includes('/items/a2')
      release()
      return { can: true, ended, goesOn }
    },
    right: (found) => found.can && found.ended === 'failed' && !found.goesOn,
    tell: aborted,
  },
  waiting: {
    title: '`abort` of a call that waits for a place in the queue',
    async play(client, server) {
      const releases = Array.from({ length: 10 }, (_, index) => server.hold(`/items/w${index}`))
      const before = Array.from({ length: 10 }, (_, index) => client.getItem(`w${index}`))
      while (server.received.length < 10) await pause(1)
      const call = client.getItem('w10')
      const ended = end(call)
      await pause(5)
      call.abort?.()
      for (const release of releases) release()
      await settled(before)
      return { can: Boolean(call.abort), ended: await ended, sent: server.received.includes('GET /items/w10'), refused: server.refused > 0 }
    },
    right: (found) => found.can && found.ended === 'failed' && !found.sent && !found.refused,
    tell(found) {
      if (found.refused) return 'there is no queue'
      if (!found.can) return 'no abort'
      return `${found.ended === 'failed' ? 'ends' : 'no effect'}, ${found.sent ? 'is sent all the same' : 'is never sent'}`
    },
  },
}

/** How a call ends, if it does soon. */
function end(call) {
  return Promise.race([call.promise.then(() => 'answered', () => 'failed'), pause(60).then(() => 'hangs')])
}

function aborted(found) {
  if (!found.can) return 'no abort'
  return found.ended === 'failed' && !found.goesOn ? 'ends' : 'no effect, the request goes on'
}
