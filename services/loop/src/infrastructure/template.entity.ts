import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type TemplateBody } from '../domain/template.js';
import { type Template } from '../domain/template-store.js';

@Entity('template')
export class TemplateEntity {
  @PrimaryColumn('uuid', { name: 'template_id' }) templateId!: string;
  @Column('text') team!: string;
  @Column('text') name!: string;
  @Column('integer') version!: number;
  @Column('json') body!: TemplateBody;
  @Column('timestamptz', { name: 'changed_at' }) changedAt!: Date;
  @Column('text', { name: 'changed_by' }) changedBy!: string;
}

export const templateOf = ({ body, ...row }: TemplateEntity): Template => ({ ...row, ...body });
