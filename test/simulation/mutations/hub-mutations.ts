import type { Mutation } from './mutation.ts';

const position = 'services/shared/stream/position.ts';
const catchUp = 'services/shared/stream/position-catch-up.ts';
const positions = 'services/shared/hub/positions.ts';
const streams = 'services/shared/hub/streams.ts';

/** Decision 8: the hub positions for those who can't. */
export const hubMutations: readonly Mutation[] = [
  {
    name: 'older-frame-handed-on',
    decision: 8,
    rule: 'older frames are dropped',
    house: 'notifications',
    edits: [
      {
        file: position,
        find: "if (frame.seq <= place.seq) return { outcome: 'old', deliveries: [] };",
        replace: "if (frame.seq <= place.seq) return { outcome: 'old', deliveries: [{ as: 'receive', row: frame }] };",
      },
    ],
  },
  {
    name: 'early-frame-handed-on',
    decision: 8,
    rule: 'early frames are held until what is before them came',
    house: 'notifications',
    edits: [
      {
        file: position,
        find: 'const next = this.#early.get(place.seq + 1);',
        replace: 'const [next] = this.#early.values();',
      },
    ],
  },
  {
    name: 'gap-not-repaired',
    decision: 8,
    rule: 'a gap is repaired from the service',
    house: 'notifications',
    edits: [
      {
        file: position,
        find: "return this.#target > this.#place.seq ? 'repair' : 'nothing';",
        replace: "return 'nothing';",
      },
    ],
  },
  {
    name: 'number-jumps',
    decision: 8,
    rule: 'a number that jumps is a gap, although no seq is missing',
    unseen:
      'seqs and numbers are gapless together, so only a place that was guessed can jump; position.test.ts, "takes a number that jumps for a gap"',
    house: 'notifications',
    edits: [
      { file: position, find: 'if (!next || next.number > place.number + 1) break;', replace: 'if (!next) break;' },
    ],
  },
  {
    name: 'head-read-before-subscribing',
    decision: 8,
    rule: 'the hub subscribes first and reads the head after',
    house: 'notifications',
    edits: [
      {
        file: streams,
        find: "if (backplane.state === 'down') this.#positions.wantHead(entry);",
        replace: 'this.#positions.wantHead(entry);',
      },
      {
        file: streams,
        find: 'entry.unsubscribe = unsubscribe;\n      this.#positions.wantHead(entry);',
        replace: 'entry.unsubscribe = unsubscribe;',
      },
    ],
  },
  {
    name: 'pages-handed-on-before-the-head',
    quick: true,
    decision: 8,
    rule: 'nothing of a repair is handed on before its pages reach the head',
    house: 'notifications',
    edits: [
      { file: position, find: "if (state === 'more') return nothing;", replace: '' },
      {
        file: position,
        find: 'seq: Math.max(place.seq, head.seq),',
        replace: 'seq: Math.max(place.seq, changes.through),',
      },
      {
        file: position,
        find: 'number: Math.max(place.number, head.number),\n    };\n    return { deliveries: [...deliveries',
        replace:
          'number: Math.max(place.number, ...deliveries.map(({ row }) => row.number)),\n    };\n    return { deliveries: [...deliveries',
      },
    ],
  },
  {
    name: 'repair-in-order-of-seq',
    quick: true,
    decision: 8,
    rule: 'a repair brings new rows first, in order of number',
    house: 'notifications',
    edits: [
      {
        file: catchUp,
        find: 'return [...received, ...changed];',
        replace: 'return [...received, ...changed].sort((a, b) => a.row.seq - b.row.seq);',
      },
    ],
  },
  {
    name: 'hole-in-number-not-looked-for',
    decision: 8,
    rule: 'a new row that moved while the last page was read is waited for',
    unseen:
      'SQLite reads rows and head in one transaction, so the head never runs ahead of the page as on MongoDB; position.test.ts, "waits for a new row that moves"',
    house: 'notifications',
    edits: [
      {
        file: catchUp,
        find: "return this.#isWhole(changes.head.number, this.#from(place)) ? 'complete' : 'more';",
        replace: "return this.#isWhole(changes.head.number, this.#from(place)) ? 'complete' : 'complete';",
      },
    ],
  },
  {
    name: 'frame-of-another-life-taken',
    decision: 8,
    rule: 'a frame of another epoch only raises a doubt',
    house: 'notifications',
    edits: [{ file: position, find: 'if (frame.epoch !== place.epoch) {', replace: 'if (frame.epoch === "never") {' }],
  },
  {
    name: 'place-of-another-life-kept',
    decision: 8,
    rule: 'a head of another epoch is a new place',
    house: 'notifications',
    edits: [
      {
        file: position,
        find: 'if (head.epoch !== place.epoch) return this.#relocate(head);',
        replace: '',
      },
      {
        file: position,
        find: 'if (epoch !== place.epoch || changes.reload) return this.#relocate(head);',
        replace: 'if (changes.reload) return this.#relocate({ ...head, epoch: place.epoch });',
      },
    ],
  },
  {
    name: 'heads-never-compared',
    decision: 8,
    rule: 'heads are compared every few seconds, so that a lost last frame is noticed',
    house: 'notifications',
    edits: [
      {
        file: positions,
        find: 'this.compareHeads();\n      this.#scheduleComparison();',
        replace: 'this.#scheduleComparison();',
      },
    ],
  },
  {
    name: 'heads-not-compared-on-heal',
    quick: true,
    decision: 8,
    rule: 'heads are compared at once when the backplane heals',
    house: 'notifications',
    edits: [
      {
        file: streams,
        find: "backplane.onStateChange((state) => state === 'up' && this.#positions.compareHeads());",
        replace: '',
      },
    ],
  },
  {
    name: 'held-frames-not-replayed',
    decision: 8,
    rule: 'whoever was accepted while the head was unknown gets what came meanwhile',
    house: 'notifications',
    edits: [
      {
        file: positions,
        find: 'headRead(place, { replay: entry.members.size > 0 });',
        replace: 'headRead(place, { replay: false });',
      },
    ],
  },
  {
    name: 'known-row-told-as-new',
    decision: 8,
    rule: 'only a row above the last number is new; changes go to clients with a cursor',
    house: 'notifications',
    edits: [
      {
        file: 'services/shared/stream/position-delivery.ts',
        find: 'row.number > lastNumber && pushKinds',
        replace: 'row.number > 0 * lastNumber && pushKinds',
      },
    ],
  },
  {
    name: 'lost-place-not-told',
    decision: 8,
    rule: 'whoever has a cursor is told when the hub has lost its place',
    house: 'notifications',
    edits: [
      {
        file: 'services/shared/hub/hub.ts',
        find: 'this.#members.lostPlace(members, ({ cursorStreams }) => cursorStreams.has(stream)),',
        replace: 'void [members, stream],',
      },
    ],
  },
];
