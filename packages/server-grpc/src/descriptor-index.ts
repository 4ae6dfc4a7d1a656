import { type DescFile, type DescMessage, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

/** What reflection can be asked of a set of proto files, with everything that they import. */
export class DescriptorIndex {
  private readonly files = new Map<string, DescFile>();
  private readonly bySymbol = new Map<string, DescFile>();
  private readonly messages = new Set<string>();

  constructor(services: readonly DescService[]) {
    for (const { file } of services) this.add(file);
  }

  /** The file as FileDescriptorProto, and after it all that it imports, so that whoever asked need not ask again. */
  file(name: string): readonly Uint8Array[] | undefined {
    const file = this.files.get(name);
    return file === undefined ? undefined : this.withImports(file, new Set());
  }

  /** The same for the file that declares a symbol, by its full name. */
  fileOf(symbol: string): readonly Uint8Array[] | undefined {
    const file = this.bySymbol.get(symbol);
    return file === undefined ? undefined : this.withImports(file, new Set());
  }

  hasMessage(typeName: string): boolean {
    return this.messages.has(typeName);
  }

  private withImports(file: DescFile, seen: Set<DescFile>): readonly Uint8Array[] {
    if (seen.has(file)) return [];
    seen.add(file);
    const imports = file.dependencies.flatMap((dependency) => this.withImports(dependency, seen));
    return [toBinary(FileDescriptorProtoSchema, file.proto), ...imports];
  }

  private add(file: DescFile): void {
    if (this.files.has(file.proto.name)) return;
    this.files.set(file.proto.name, file);
    for (const service of file.services) {
      this.bySymbol.set(service.typeName, file);
      for (const { name } of service.methods) this.bySymbol.set(`${service.typeName}.${name}`, file);
    }
    for (const message of file.messages) this.addMessage(message, file);
    for (const { typeName } of file.enums) this.bySymbol.set(typeName, file);
    for (const { typeName } of file.extensions) this.bySymbol.set(typeName, file);
    for (const dependency of file.dependencies) this.add(dependency);
  }

  private addMessage(message: DescMessage, file: DescFile): void {
    this.messages.add(message.typeName);
    this.bySymbol.set(message.typeName, file);
    for (const { name } of message.fields) this.bySymbol.set(`${message.typeName}.${name}`, file);
    for (const { typeName } of message.nestedEnums) this.bySymbol.set(typeName, file);
    for (const nested of message.nestedMessages) this.addMessage(nested, file);
  }
}
