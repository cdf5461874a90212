import type { WirePod } from './wire.ts';

type WireVolume = NonNullable<WirePod['volumes']>[number];

/** A Secret in a volume, alone or beside others; `items` undefined: all its keys. */
export type MountedSecret = {
  readonly volume: string;
  readonly secretName: string;
  readonly items: readonly { readonly key: string; readonly path: string }[] | undefined;
  /** Octal bits, 0644 by default. */
  readonly mode: number;
};

const defaultMode = 0o644;

export function secretsIn({ volumes = [] }: WirePod): MountedSecret[] {
  return volumes.flatMap((volume) => {
    const { secret, name } = volume;
    const own = secret ? [toMounted(name, secret.secretName, secret.items, secret.defaultMode)] : [];
    const projected = (volume.projected?.sources ?? []).flatMap((source) =>
      source.secret ? [toMounted(name, source.secret.name, source.secret.items, volume.projected?.defaultMode)] : [],
    );
    return [...own, ...projected];
  });
}

export function configMapsIn({ volumes = [] }: WirePod): string[] {
  return volumes.flatMap(({ configMap, projected }) =>
    [configMap, ...(projected?.sources ?? []).map((source) => source.configMap)].flatMap((it) => (it ? [it.name] : [])),
  );
}

/** Whether what lies in it is somebody else's to change. */
export function isGiven({ secret, configMap, projected, downwardAPI }: WireVolume): boolean {
  return (secret ?? configMap ?? projected ?? downwardAPI) !== undefined;
}

function toMounted(
  volume: string,
  secretName = '',
  items?: MountedSecret['items'],
  mode: number = defaultMode,
): MountedSecret {
  return { volume, secretName, items, mode };
}
