/** A wish that workers see to. */
export class AcceptedDto {
  /** @example "accepted" */
  status!: 'accepted';
}
