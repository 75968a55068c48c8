/** `Schema.auth` denied the caller access: the request ends with its status and headers. */
export class AccessDenied extends Error {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };

  constructor(status: number, message: string, headers: { readonly [name: string]: string }) {
    super(message);
    this.name = "AccessDenied";
    this.status = status;
    this.headers = headers;
  }
}
