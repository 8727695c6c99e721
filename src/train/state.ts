/**
 * The tensors of a network. They are here until a session is opened, and in the session from then on. The
 * plan of a session holds for one batch size and one stage of precision. For another batch size, a new
 * session takes the raw parameters and updates over; for another stage, a new session starts with the given
 * contents.
 */
import { InputTypeError } from '../numerics/index.js';
import { UnsupportedError, type Backend, type Session, type TensorData } from '../backend/index.js';
import type { NetworkDefinition } from '../nn/index.js';
import type { Tensor } from '../plan/index.js';
import { stateTensors } from './checkpoint.js';
import type { TrainingProfile } from './profile.js';

/** Options for opening sessions. */
export interface SessionSettings {
  readonly threads?: number;
  readonly clock?: () => number;
}

export class NetworkState {
  #tensors: readonly Tensor[];
  #definition: NetworkDefinition;
  readonly #backend: Backend;
  readonly #settings: SessionSettings;
  /** Contents before the first session. */
  #initial: ReadonlyMap<string, TensorData>;
  #session: Promise<Session> | null = null;
  #batch: number | null;
  #closed = false;

  constructor(
    definition: NetworkDefinition,
    backend: Backend,
    settings: SessionSettings,
    saved: { readonly batch: number | null; readonly contents: ReadonlyMap<string, TensorData> } | null,
  ) {
    this.#definition = definition;
    this.#backend = backend;
    this.#settings = settings;
    this.#tensors = stateTensors(definition);
    this.#initial = saved?.contents ?? definition.initialParameters(definition.plan(1));
    this.#batch = saved?.batch ?? null;
  }

  /** Parameters in layer order, then their updates in the same order. */
  get tensors(): readonly Tensor[] {
    return this.#tensors;
  }

  /** Largest number of examples in a step of the plan in use; null before the first session. */
  get batch(): number | null {
    return this.#batch;
  }

  /** The session for steps of at most `batch` examples, opened on first use. */
  async open(batch: number): Promise<Session> {
    this.#checkOpen();
    const previous = this.#session;
    const previousBatch = this.#batch;
    if (previous && previousBatch === batch) return previous;
    const opening = this.#replace(previous, batch);
    this.#session = opening;
    this.#batch = batch;
    try {
      return await opening;
    } catch (error) {
      this.#session = previous;
      this.#batch = previousBatch;
      throw error;
    }
  }

  /** Continues as another definition of the same network, in a new session with the given contents. */
  async change(
    definition: NetworkDefinition,
    batch: number,
    contents: ReadonlyMap<string, TensorData>,
  ): Promise<void> {
    this.#checkOpen();
    const previous = await this.#session;
    const session = await this.#openSession(definition, batch);
    for (const [name, data] of contents) await session.write(name, data);
    this.#definition = definition;
    this.#tensors = stateTensors(definition);
    this.#initial = new Map();
    this.#session = Promise.resolve(session);
    this.#batch = batch;
    await previous?.close();
  }

  /** A copy of a tensor's raw contents. */
  async read(name: string): Promise<TensorData> {
    this.#checkOpen();
    return this.#contents(this.#session, name);
  }

  /** Counters of the sites since the last call; empty without a session. */
  async statistics(): Promise<Awaited<ReturnType<Session['statistics']>>> {
    this.#checkOpen();
    return (await this.#session)?.statistics() ?? [];
  }

  /** The measurements of the last training steps; null without a clock or a session. */
  async profile(): Promise<TrainingProfile | null> {
    this.#checkOpen();
    const session = await this.#session;
    if (!session?.profile || !this.#settings.clock) return null;
    const { plan, threads } = session;
    return { plan, backend: this.#backend.name, threads, steps: await session.profile() };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await (await this.#session)?.close();
  }

  async #replace(previous: Promise<Session> | null, batch: number): Promise<Session> {
    const session = await this.#openSession(this.#definition, batch);
    for (const { name } of this.tensors) await session.write(name, await this.#contents(previous, name));
    await (await previous)?.close();
    this.#initial = new Map();
    return session;
  }

  async #openSession(definition: NetworkDefinition, batch: number): Promise<Session> {
    const { seed } = definition.configuration;
    const session = await this.#backend.open(definition.plan(batch), { seed, ...this.#settings });
    if (this.#settings.clock && !session.profile) {
      await session.close();
      throw new UnsupportedError(
        `profile: the backend must measure its ops, got backend "${this.#backend.name}"; train without a profile, or use backend "wasm"`,
      );
    }
    return session;
  }

  async #contents(session: Promise<Session> | null, name: string): Promise<TensorData> {
    return session ? (await session).read(name) : this.#initial.get(name)!.slice();
  }

  #checkOpen(): void {
    if (this.#closed) throw new InputTypeError('network: it is closed; create or load another');
  }
}
