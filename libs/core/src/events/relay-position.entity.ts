import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far a subscriber of the relay has come in the event log. */
@Entity('relay_positions')
export class RelayPositionEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'relay_positions_pk' })
  subscriber!: string;

  /** The transaction and the id of the last event that was handed over. */
  @Column('bigint')
  tx!: string;

  @Column('uuid', { name: 'event_id' })
  eventId!: string;

  /** When that was, for whoever watches how far behind it is. */
  @Column('timestamptz')
  at!: Date;
}
