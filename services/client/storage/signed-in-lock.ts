/** Says to other tabs that a user is signed in here, by a shared lock. Where the browser has no locks nobody can tell. */
export class SignedInLock {
  readonly #locks: Pick<LockManager, 'request'> | undefined;
  #release: (() => void) | undefined;
  #ended = false;

  constructor(locks: Pick<LockManager, 'request'> | undefined = globalThis.navigator?.locks) {
    this.#locks = locks;
  }

  /** Resolves once it is held, or cannot be. */
  hold(user: string): Promise<void> {
    return new Promise((resolve) => {
      const held = this.#locks?.request(nameOf(user), { mode: 'shared' }, () => {
        resolve();
        return this.#ended
          ? undefined
          : new Promise<void>((release) => {
              this.#release = release;
            });
      });
      if (held) held.catch(() => resolve());
      else resolve();
    });
  }

  /** Does it while `user` is signed in nowhere, and cannot be before it is done; or not at all. */
  async unlessSignedIn(user: string, act: () => Promise<void>): Promise<void> {
    if (!this.#locks) return act();
    await this.#locks.request(nameOf(user), { ifAvailable: true }, (lock) => (lock ? act() : undefined));
  }

  /** Lets go of it for good. */
  end(): void {
    this.#ended = true;
    this.#release?.();
  }
}

function nameOf(user: string): string {
  return `sonixy.signed-in ${user}`;
}
