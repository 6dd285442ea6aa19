"""Entries of GraphQL, tRPC and decorated controllers; Fastify's decorations; Nest's settings."""

from __future__ import annotations

from pathlib import Path as File

import pytest
from written_programs import charted, events, kinds, path_of

from redhanded.source.flow.values import Input, Known

SCHEMA = """
    generator client {
      provider = "prisma-client"
      output   = "../src/generated/prisma"
    }
    datasource db { provider = "postgresql" }
    model Seat {
      id   Int @id @default(autoincrement())
      code String @unique
      free Int
    }
"""
DATABASE = """
    import { PrismaClient } from './generated/prisma/client';
    export const db = new PrismaClient();
"""
MANIFEST = '{"dependencies": {"@prisma/client": "7", "@trpc/server": "11", "graphql-yoga": "5"}}'


def read(tmp_path: File, **files: str) -> list[str]:
    given = {f"src/{name}.ts": text for name, text in files.items()}
    found = charted(
        tmp_path,
        {
            "package.json": MANIFEST,
            "prisma/schema.prisma": SCHEMA,
            "src/db.ts": DATABASE,
            **given,
        },
    )
    return [f"{one.entry.kind} {one.entry.name}: {', '.join(kinds(one))}" for one in found.paths]


def test_a_client_that_prisma_generates_into_the_tree(tmp_path: File) -> None:
    work = """
    import { db } from './db';
    export async function take(id: number) {
      await db.seat.update({ where: { id }, data: { free: 0 } });
    }
    """
    assert read(tmp_path, work=work) == ["function take: update Seat"]


def test_a_client_of_a_package_of_the_workspace(tmp_path: File) -> None:
    files = {
        "package.json": '{"private": true, "workspaces": ["packages/*", "apps/*"]}',
        "packages/db/package.json": '{"name": "@acme/db", "main": "./generated/index.js"}',
        "packages/db/schema.prisma": SCHEMA.replace("../src/generated/prisma", "./generated"),
        "apps/web/package.json": '{"name": "web", "dependencies": {"@acme/db": "*"}}',
        "apps/web/app/api/seats/route.ts": """
            import { NextResponse } from 'next/server';
            import { PrismaClient } from '@acme/db';
            const db = new PrismaClient();
            export async function POST(request: Request) {
              await db.seat.create({ data: { code: 'a', free: 1 } });
            }
        """,
    }
    assert kinds(path_of(charted(tmp_path, files), "POST /api/seats")) == ["insert Seat"]


def test_procedures_of_trpc_with_the_context_of_their_router(tmp_path: File) -> None:
    trpc = """
    import { initTRPC } from '@trpc/server';
    import { db } from './db';
    export const createContext = async () => { return { db, session: null }; };
    const t = initTRPC.context<typeof createContext>().create();
    export const procedure = t.procedure.use(async ({ next }) => next());
    export const router = t.router;
    """
    seats = """
    import { procedure, router } from './trpc';
    export const seats = router({
      take: procedure.input(null).mutation(async ({ ctx, input }) => {
        await ctx.db.seat.update({ where: { id: input.id }, data: { free: 0 } });
      }),
    });
    """
    found = read(tmp_path, trpc=trpc, seats=seats)
    assert found == ["route mutation (src/seats.ts:3): update Seat"]


@pytest.mark.parametrize(
    "made",
    [
        "new ApolloServer({ typeDefs, resolvers, context: async () => ({ db }) });",
        "createSchema({ typeDefs, resolvers: [resolvers] });",
        "makeExecutableSchema({ typeDefs, resolvers: mergeResolvers([resolvers]) });",
    ],
    ids=["apollo", "yoga", "tools"],
)
def test_resolvers_of_a_graphql_server(tmp_path: File, made: str) -> None:
    server = f"""
    import {{ ApolloServer }} from 'apollo-server';
    import {{ createSchema }} from 'graphql-yoga';
    import {{ makeExecutableSchema }} from '@graphql-tools/schema';
    import {{ mergeResolvers }} from '@graphql-tools/merge';
    import {{ PrismaClient }} from '@prisma/client';
    import {{ db }} from './db';
    const typeDefs = '';
    const resolvers = {{
      Mutation: {{
        take: (_: unknown, args: {{ id: number }}, ctx: {{ db: PrismaClient }}) =>
          ctx.db.seat.update({{ where: {{ id: args.id }}, data: {{ free: 0 }} }}),
      }},
    }};
    {made}
    """
    assert read(tmp_path, server=server) == ["route Mutation take: update Seat"]


@pytest.mark.parametrize(
    ("head", "of", "method", "name"),
    [
        ("JsonController, Post, Body } from 'routing-controllers", "JsonController('/s')",
         "Post('/t') t(@Body('id') id: number)", "POST /s/t"),
        ("Route, Post, Body } from 'tsoa", "Route('s')", "Post('t') t(@Body('id') id: number)",
         "POST /s/t"),
        ("controller, httpPost, requestParam } from 'inversify-express-utils",
         "controller('/s')", "httpPost('/t') t(@requestParam('id') id: number)", "POST /s/t"),
        ("Resolver, Mutation, Arg } from 'type-graphql", "Resolver()",
         "Mutation(() => Boolean) t(@Arg('id') id: number)", "Mutation t"),
    ],
    ids=["routing", "tsoa", "inversify", "graphql"],
)  # fmt: skip
def test_decorated_controllers(tmp_path: File, head: str, of: str, method: str, name: str) -> None:
    text = f"""
    import {{ {head}';
    import {{ db }} from './db';
    @{of}
    export class Seats {{
      @{method} {{ return db.seat.update({{ where: {{ id }}, data: {{ free: 0 }} }}); }}
    }}
    """
    assert read(tmp_path, seats=text) == [f"route {name}: update Seat"]


@pytest.mark.parametrize(
    ("plugin", "used"),
    [
        (
            "app.register(fp(async (one) => { one.decorate('store', new Pool()); }));",
            "app.store",
        ),
        ("app.register(postgres, {});", "app.pg"),
    ],
    ids=["decorate", "plugin"],
)
def test_what_fastify_is_decorated_with(tmp_path: File, plugin: str, used: str) -> None:
    app = f"""
    import Fastify from 'fastify';
    import fp from 'fastify-plugin';
    import postgres from '@fastify/postgres';
    import {{ Pool }} from 'pg';
    const app = Fastify();
    {plugin}
    app.post('/seats', async (request) => {{
      await {used}.query('INSERT INTO seats (code) VALUES ($1)', [request.body.code]);
    }});
    """
    files = {"package.json": '{"dependencies": {"fastify": "5"}}', "app.ts": app}
    ((_, insert),) = events(path_of(charted(tmp_path, files), "POST /seats"))
    assert (insert.kind, insert.values) == (
        "insert",
        {"code": Input("request", ("body", "code"))},
    )


@pytest.mark.parametrize(
    "registered",
    [
        "BullModule.registerQueue({ name: 'pay', defaultJobOptions: { attempts: 3 } })",
        "BullModule.forRoot({ defaultJobOptions: { attempts: 3 } })",
        "BullModule.registerQueueAsync({ name: 'pay', useFactory: () =>"
        " ({ defaultJobOptions: { attempts: 3 } }) })",
    ],
    ids=["queue", "all", "factory"],
)
def test_options_that_a_module_gives_to_all_jobs(tmp_path: File, registered: str) -> None:
    text = f"""
    import {{ Controller, Module, Post }} from '@nestjs/common';
    import {{ BullModule, InjectQueue }} from '@nestjs/bullmq';
    import {{ Queue }} from 'bullmq';
    @Controller('pay')
    export class Pay {{
      constructor(@InjectQueue('pay') private readonly queue: Queue) {{}}
      @Post() async go() {{ await this.queue.add('charge', {{}}); }}
    }}
    @Module({{ imports: [{registered}], controllers: [Pay] }})
    export class PayModule {{}}
    """
    files = {"package.json": '{"dependencies": {"bullmq": "5"}}', "pay.ts": text}
    found = events(path_of(charted(tmp_path, files), "POST /pay"))
    (queued,) = [effect for _, effect in found if effect.kind == "enqueue"]
    assert queued.options["attempts"] == Known(3)


def test_a_schema_of_mongoose_that_a_class_declares(tmp_path: File) -> None:
    text = """
    import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
    @Schema({ collection: 'places' })
    export class Seat {
      @Prop({ required: true, unique: true }) code: string;
      @Prop() show: number;
      @Prop() row: number;
    }
    export const SeatSchema = SchemaFactory.createForClass(Seat);
    SeatSchema.index({ show: 1, row: 1 }, { unique: true });
    """
    files = {"package.json": '{"dependencies": {"mongoose": "8"}}', "src/seat.schema.ts": text}
    table = charted(tmp_path, files).schema.tables["places"]
    assert {one.columns for one in table.uniques} == {("_id",), ("code",), ("show", "row")}
    assert table.models == ("Seat",)
