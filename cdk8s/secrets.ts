export { type SecretName, secrets } from '#shared/contract/secrets.ts';
