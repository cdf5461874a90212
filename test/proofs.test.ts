import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(resolve(root, file), 'utf8');

const requirements = [
  ...[...numbered('I', 8), 'I2-trap', ...numbered('O', 6), ...numbered('L', 10), ...numbered('S', 17)],
  ...[...numbered('P', 7), ...numbered('K', 7)],
];

/** Rows of `| # | requirement | proofs | on |`. */
const rows = read('docs/proofs.md')
  .split('\n')
  .filter((line) => /^\| [A-Z]\d/.test(line))
  .map((line) => {
    const [, id = '', , proofs = ''] = line.split('|').map((cell) => cell.trim());
    return { id, proofs };
  });

const named = rows.flatMap(({ id, proofs }) => proofsIn(proofs).map((proof) => ({ id, ...proof })));

function numbered(letter: string, last: number): string[] {
  return Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);
}

/** `file` "title", "title"; … */
function proofsIn(text: string): { file: string; title: string }[] {
  return [...text.matchAll(/`([^`]+\.ts)`((?:,? "[^"]+")*)/g)].flatMap(([, file = '', titles = '']) =>
    [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ file, title })),
  );
}

/** Whether a test or a suite bears that title: a whole literal, and not in a comment. */
function hasTest(source: string, title: string): boolean {
  return source
    .split('\n')
    .some((line) => !/^\s*(\/\/|\*|\/\*)/.test(line) && ["'", '"', '`'].some((it) => line.includes(it + title + it)));
}

describe('docs/proofs.md', () => {
  it('has a row for each requirement, with a proof or the reason why not yet', () => {
    expect(rows.map(({ id }) => id).sort()).toEqual(requirements.toSorted());
    const bare = rows.filter(({ proofs }) => proofsIn(proofs).length === 0 && !/^not yet: \S/.test(proofs));
    expect(bare.map(({ id }) => id)).toEqual([]);
  });

  it.each(named)('$id: $file has "$title"', ({ file, title }) => {
    expect(existsSync(resolve(root, file)), 'the file').toBe(true);
    expect(hasTest(read(file), title), 'the title').toBe(true);
  });

  it('would say so of a test that is gone', () => {
    const own = read('test/proofs.test.ts');
    expect(hasTest(own, 'would say so of a test that is gone')).toBe(true);
    expect(hasTest(own, 'would say so of a test that'.concat(' is lost'))).toBe(false);
    // 'only in a comment'
    expect(hasTest(own, 'only in a '.concat('comment'))).toBe(false);
  });
});
