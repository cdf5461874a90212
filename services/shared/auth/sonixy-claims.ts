/** .NET's `ClaimTypes.NameIdentifier` as it stands in a JWT. Sonixy's identity service fills it beside `sub`. */
export const nameIdentifierClaim = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier';
