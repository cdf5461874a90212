export type DemoComment = { readonly author: string; readonly text: string };

export type DemoPost = {
  /** `entityId` of the events about it. */
  readonly id: string;
  readonly author: string;
  readonly text: string;
  readonly when: string;
  readonly comment: DemoComment;
};

/** What the demo people wrote. A reply goes to the author of the comment, all else to the author of the post. */
export const demoPosts: readonly DemoPost[] = [
  {
    id: 'alice-harbour',
    author: 'alice',
    text: 'First swim of the season. The harbour is at nine degrees, so it was also a very short one.',
    when: 'Today, 07:42',
    comment: { author: 'carol', text: 'Nine! You are braver than all of us.' },
  },
  {
    id: 'bob-bread',
    author: 'bob',
    text: 'Third attempt at rye bread. It no longer works as a doorstop, which I count as progress.',
    when: 'Today, 06:15',
    comment: { author: 'alice', text: 'Save me a slice from the fourth attempt.' },
  },
  {
    id: 'carol-night-train',
    author: 'carol',
    text: 'Took the night train with the whole band. Nobody slept, but we have a new chorus.',
    when: 'Yesterday, 23:08',
    comment: { author: 'dave', text: 'And one angry conductor, I hear.' },
  },
  {
    id: 'dave-bicycle',
    author: 'dave',
    text: 'Rebuilt the old bicycle. There are four screws left over. I am sure they were decorative.',
    when: 'Yesterday, 18:30',
    comment: { author: 'erin', text: 'Please do not ride it downhill.' },
  },
  {
    id: 'erin-telescope',
    author: 'erin',
    text: 'Clear sky for once: Saturn, with rings, from a balcony in the middle of the city.',
    when: 'Monday, 22:51',
    comment: { author: 'bob', text: 'I can bring bread if I may look.' },
  },
];

export function demoPost(id: string): DemoPost | undefined {
  return demoPosts.find((post) => post.id === id);
}
