import type { k8s } from 'cdk8s-plus-27';

/** One file or folder that a container sees, and the volume behind it. */
export type Mount = { readonly volume: k8s.Volume; readonly mount: k8s.VolumeMount };

/** Read-only by the owner and the volume's group. */
const secretMode = 0o440;

/** Some keys of a Secret as files of the same names in `folder`. */
export function secretFiles(secret: string, keys: readonly string[], folder: string): Mount {
  const items = keys.map((key) => ({ key, path: key }));
  return {
    volume: { name: secret, secret: { secretName: secret, defaultMode: secretMode, items } },
    mount: { name: secret, mountPath: folder, readOnly: true },
  };
}

/** All keys of a ConfigMap as files in `folder`. */
export function configFiles(configMap: string, folder: string): Mount {
  return {
    volume: { name: configMap, configMap: { name: configMap, defaultMode: 0o444 } },
    mount: { name: configMap, mountPath: folder, readOnly: true },
  };
}

/** Empty at the start of each pod. */
export function scratch(
  name: string,
  folder: string,
  options: { medium?: 'Memory'; sizeLimit?: k8s.Quantity } = {},
): Mount {
  return { volume: { name, emptyDir: options }, mount: { name, mountPath: folder } };
}
