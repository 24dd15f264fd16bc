import { Controller, Get, Header, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { answerSchemaOf, FactorRegistry, jsonSchemaOf, type RegisteredFactor } from '@countersign/factors';
import type { ApplicationPolicy } from '@countersign/directory';
import type { FastifyRequest } from 'fastify';
import { BeforeEnrolment, ForEverybodyKnown } from '../http/access.decorator.js';
import { unknownCursor } from '../http/pagination.js';
import { Problems } from '../http/problems.decorator.js';
import { applicationOf } from '../http/request.js';
import { type FactorTypeDto, FactorTypeListDto } from './factor.dto.js';
import { ListQueryDto } from './list.dto.js';

@ApiTags('Factors')
@ForEverybodyKnown()
@BeforeEnrolment()
@Controller('v1/factor-types')
export class FactorTypeController {
  constructor(private readonly registry: FactorRegistry) {}

  @Get()
  @Header('Content-Type', 'application/json; charset=utf-8')
  @ApiOperation({ summary: 'List the factor types that can be enrolled', operationId: 'listFactorTypes' })
  @ApiOkResponse({ type: FactorTypeListDto })
  @Problems()
  list(@Query() { limit, cursor }: ListQueryDto, @Req() request: FastifyRequest): string {
    const { policy } = applicationOf(request);
    const known = textsOf(policy);
    const asked = `${limit} ${cursor ?? ''}`;
    const page = known.get(asked) ?? JSON.stringify(this.#page(policy, limit, cursor));
    known.set(asked, page);
    return page;
  }

  #page(policy: ApplicationPolicy, limit: number, cursor: string | undefined): FactorTypeListDto {
    if (cursor !== undefined && this.registry.find(cursor) === undefined) throw unknownCursor();
    const offered = this.registry.allOffered(policy);
    const rest = offered.filter(({ options }) => cursor === undefined || options.type > cursor);
    const data = rest.slice(0, limit).map(typeView);
    return { data, nextCursor: rest.length > limit ? (data.at(-1)?.type ?? null) : null };
  }
}

// As text, while an application's policy is remembered: it depends on nothing else.
const texts = new WeakMap<ApplicationPolicy, Map<string, string>>();

function textsOf(policy: ApplicationPolicy): Map<string, string> {
  const known = texts.get(policy) ?? new Map<string, string>();
  texts.set(policy, known);
  return known;
}

// What is registered does not change while the process runs.
const views = new WeakMap<RegisteredFactor, FactorTypeDto>();

function typeView(factor: RegisteredFactor): FactorTypeDto {
  const view = views.get(factor) ?? newTypeView(factor);
  views.set(factor, view);
  return view;
}

function newTypeView({ options, provider }: RegisteredFactor): FactorTypeDto {
  return {
    type: options.type,
    title: provider.title,
    enrolSchema: jsonSchemaOf(provider.input, 'draft-2020-12'),
    answerSchema: jsonSchemaOf(answerSchemaOf(provider), 'draft-2020-12'),
    delivery: provider.kind === 'delivered' ? provider.channel : 'none',
  };
}
