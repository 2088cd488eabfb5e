import { InFlight, type Placed } from '../../src/http/in-flight.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

interface Member extends Placed {
  readonly name: string
}

const member = (name: string): Member => ({ name, place: -1 })

function membersOf(inFlight: InFlight<Member>): string {
  const names: string[] = []
  inFlight.sweep(({ name }) => {
    names.push(name)
    return false
  })
  return names.sort().join('')
}

t.test('members come and go in any order', async (t) => {
  const inFlight = new InFlight<Member>()
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(member) as [Member, Member, Member, Member]
  for (const one of [a, b, c, d]) inFlight.add(one)
  t.equal(inFlight.size, 4)
  inFlight.delete(b)
  t.equal(membersOf(inFlight), 'acd')
  inFlight.delete(d)
  t.equal(membersOf(inFlight), 'ac')
  inFlight.delete(d)
  inFlight.delete(member('e'))
  t.equal(membersOf(inFlight), 'ac', 'who is no member stays none')
  inFlight.add(d)
  inFlight.delete(a)
  t.equal(membersOf(inFlight), 'cd')
  t.equal(inFlight.size, 2)
})

t.test('a sweep forgets those that are over, and shows each once', async (t) => {
  const inFlight = new InFlight<Member>()
  for (const name of 'abcdef') inFlight.add(member(name))
  const shown: string[] = []
  inFlight.sweep(({ name }) => {
    shown.push(name)
    return 'bdf'.includes(name)
  })
  t.equal(shown.sort().join(''), 'abcdef')
  t.equal(membersOf(inFlight), 'ace')
  inFlight.sweep(() => true)
  t.equal(inFlight.size, 0)
})
