#!/usr/bin/env python3
"""semantic-paint import, sample and export from outside, on the small files of tests/golden/import/.

Usage: test-import-cli.py PROGRAM IMPORT_FEATURES GOLDEN_FOLDER. Prints TAP. Needs
Python's standard library alone: what PyTorch makes of the files stands beside them.
"""
import json, math, os, pickle, shutil, struct, subprocess, sys, tempfile, zipfile
from collections import OrderedDict

PROGRAM, FEATURES, GOLDEN = sys.argv[1:4]
LIMIT = 1e-4  # of numbers, against their largest value where that is above 1


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=300)


def golden(name):
    return os.path.join(GOLDEN, name)


def floats(path):
    data = open(path, 'rb').read()
    return struct.unpack(f'<{len(data) // 4}f', data)


def read_safetensors(path):
    data = open(path, 'rb').read()
    length, = struct.unpack('<Q', data[:8])
    header = json.loads(data[8:8 + length])
    return {name: (entry['shape'], data[8 + length + entry['data_offsets'][0]:8 + length + entry['data_offsets'][1]])
            for name, entry in header.items() if name != '__metadata__'}


class TorchZip(pickle.Unpickler):
    """Python's own reading of a file of torch.save(), which the import's can be held against: tensors
    become (shape, bytes)."""

    def __init__(self, path):
        self.zip = zipfile.ZipFile(path)
        self.root = self.zip.namelist()[0].split('/')[0]
        super().__init__(self.zip.open(self.root + '/data.pkl'))

    def persistent_load(self, key):
        return self.zip.read(f'{self.root}/data/{key[2]}')

    def find_class(self, module, name):
        if name == '_rebuild_tensor_v2':
            return lambda storage, offset, shape, stride, gradient, hooks: (list(shape), storage)
        return {'OrderedDict': OrderedDict}.get(name, name)


def sines(side):
    """make-golden.py's picture."""
    return struct.pack(f'<{3 * side * side}f', *(math.sin(0.11 * (c + 1) * x + 0.07 * y * (3 - c))
                                                for c in range(3) for y in range(side) for x in range(side)))


class Tests:
    def __init__(self, folder):
        self.folder, self.count, self.failures = folder, 0, 0
        self.pack = self.at('pack.safetensors')

    def at(self, name):
        return os.path.join(self.folder, name)

    def check(self, what, fine, detail=''):
        self.count += 1
        self.failures += not fine
        print(f"{'ok' if fine else 'not ok'} {self.count} - {what}", flush=True)
        if not fine:
            print('# ' + str(detail).replace('\n', '\n# '), flush=True)

    def compare(self, what, there, wanted):
        size = max(1.0, max(map(abs, wanted)))
        error = max(map(abs, (a - b for a, b in zip(there, wanted)))) / size
        self.check(what, len(there) == len(wanted) and error <= LIMIT, f'{len(there)}, {error:.1e}')

    def fails(self, what, status, words, result):
        there = sorted(os.listdir(self.folder))
        self.check(what, result.returncode == status and result.stderr.count('\n') == 1 and not result.stdout
                   and all(word in result.stderr for word in words), result)
        self.check(what + ': nothing half-written', 'new' not in ' '.join(there), there)

    def test_1_import(self):
        result = run('import', golden('zip.pth'), '-o', self.pack, '--samples', '8')
        self.check('import', result.returncode == 0 and 'not a file that is known' in result.stdout
                   and '16 x 16' in result.stdout and 'no encoder' in result.stdout, result)
        # a known name, on a file that is not that one
        known = self.at('karras2018iclr-lsun-kitchen-256x256.pkl')
        shutil.copy(golden('fused-4.pkl'), known)
        result = run('import', known, '-o', self.at('kitchen'), '--json', '--samples', '0')
        report = json.loads(result.stdout)
        self.check('import: recognised by name', report['known']['generator']['by_hash'] is False
                   and 'CC BY-NC 4.0' in report['known']['generator']['licence']
                   and report['levels'] is False, report)
        info = json.loads(run('info', self.at('kitchen'), '--json').stdout)
        self.check('info shows the terms', 'CC BY-NC 4.0' in info['licence'] and info['name'] == 'kitchen-256', info)
        result = run('import', golden('zip.pth'), '-o', self.at('named'), '--samples', '0', '--name', 'mine', '--title',
                     'Mine', '--licence', 'MIT', '--source', 'a test', '--clamp')
        info = json.loads(run('info', self.at('named'), '--json').stdout)
        self.check('names of one\'s own', [info['name'], info['title'], info['licence'], info['source']]
                   == ['mine', 'Mine', 'Generator: MIT', 'a test'], info)
        self.check('nothing left beside', sorted(os.listdir(self.folder))
                   == sorted(['pack.safetensors', 'kitchen', 'named', os.path.basename(known)]),
                   os.listdir(self.folder))

    def test_2_sample(self):
        out = self.at('out.f32')
        run('sample', self.pack, '--z', golden('z.f32'), '-o', out)
        self.compare('sample: PyTorch\'s picture', floats(out), floats(golden('net.f32')))
        first = self.at('first.f32')
        run('sample', self.pack, '-o', first)
        run('sample', self.pack, '--seed', '0', '--row', '0', '-o', out)
        self.check('seed and row are 0', floats(first) == floats(out))
        run('sample', self.pack, '--row', '1', '-o', out)
        self.check('another row, another picture', floats(first) != floats(out))
        result = run('sample', self.pack, '-o', self.at('out.png'))
        self.check('sample: an image', result.returncode == 0
                   and open(self.at('out.png'), 'rb').read(4) == b'\x89PNG', result)

    def test_3_export(self):
        result = run('export', self.pack, '-o', self.at('out.safetensors'))
        there, pack = read_safetensors(self.at('out.safetensors')), read_safetensors(self.pack)
        self.check('export', result.returncode == 0 and there and there
                   == {name[len('generator.'):]: value for name, value in pack.items() if name.startswith('generator.')},
                   (result, sorted(there)))

    def test_4_sizes(self):
        for side in 8, 128, 1024:
            pack, out, step = self.at('size'), self.at('out.f32'), side // 32 + 1
            result = run('import', golden(f'net-{side}.pth'), '-o', pack, '--samples', '8')
            run('sample', pack, '--z', golden('z.f32'), '-o', out)
            there = floats(out)
            picked = [there[(c * side + y) * side + x]
                      for c in range(3) for y in range(0, side, step) for x in range(0, side, step)]
            self.compare(f'{side} pixels: PyTorch\'s picture', picked, floats(golden(f'net-{side}.f32')))
            if side == 8:
                self.check('8 pixels: draws, does not edit', 'but not edit' in result.stdout, result)
                photo = self.at('photo.png')
                run('sample', self.pack, '-o', photo)
                self.import_with_rankings(golden('net-8.pth'), pack)
                result = run('edit', photo, '-o', self.at('new.png'), '--strokes', photo, '--concept', 'tree',
                             '--pack', pack)
                self.check('8 pixels: the edit says why not', result.returncode == 1
                           and '8 pixels' in result.stderr and 'not edit' in result.stderr, result)

    def test_5_parts(self):
        pack, picture = self.at('parts'), self.at('picture.f32')
        taps = ['conv2_2', 'conv3_3', 'conv4_2', 'conv5_3']
        open(picture, 'wb').write(sines(128))
        result = run('import', golden('net-128.pth'), '--encoder', golden('encoder.pth'), '--perceptual',
                     golden('vgg.pth'), '--taps', ','.join(taps), '-o', pack, '--samples', '0')
        self.check('import: all parts', result.returncode == 0 and 'no encoder' not in result.stdout, result)
        result = subprocess.run([FEATURES, pack, picture, self.folder], capture_output=True, text=True, timeout=300)
        self.check('features', result.returncode == 0, result)
        for name in ['latent', 'z']:
            self.compare(f'encoder: PyTorch\'s {name}', floats(self.at(name + '.f32')),
                         floats(golden(f'encoder.{name}.f32')))
        for name in taps:
            self.compare(f'VGG16: PyTorch\'s {name}', floats(self.at(name + '.f32')),
                         floats(golden(f'vgg.{name}.f32')))
        out = self.at('encoder.safetensors')
        result = run('export', pack, '--part', 'encoder', '-o', out)
        state = TorchZip(golden('encoder.pth')).load()['state_dict']
        wanted = {name[len('model.'):]: value for name, value in state.items()
                  if not name.endswith('num_batches_tracked')}
        self.check('export: the encoder\'s state dictionary again',
                   result.returncode == 0 and len(wanted) > 100 and read_safetensors(out) == wanted, result)

    def import_with_rankings(self, generator, pack):
        rankings = self.at('rankings.json')
        scores = [-((unit * 3) % 8) / 8 for unit in range(8)]
        json.dump({'res': [{'name': 'tree-ace', 'metric': 'ace', 'scores': scores}]}, open(rankings, 'w'))
        result = run('import', generator, '-o', pack, '--rankings', rankings)
        self.check('import: rankings', result.returncode == 0, result)

    def test_6_levels(self):
        pack = self.at('levels')
        self.import_with_rankings(golden('zip.pth'), pack)
        tensors, wanted = read_safetensors(pack), floats(golden('levels.f32'))
        for name in 'latent.q99', 'concept.tree.value':
            self.compare(f'{name}: PyTorch\'s levels of numpy\'s draws', struct.unpack('<8f', tensors[name][1]), wanted)

    def test_7_wrong(self):
        for command in ('import', 'sample', 'export'):
            result = run(command, '--help')
            self.check(f'help: {command}', result.returncode == 0 and 'Usage:' in result.stdout, result)
        new = self.at('new')
        self.fails('import: nothing', 2, ['--help'], run('import'))
        self.fails('import: no output', 2, ['-o'], run('import', golden('zip.pth')))
        self.fails('import: no such file', 1, ['none.pth'], run('import', self.at('none.pth'), '-o', new))
        self.fails('import: not a model', 1, ['z.f32'], run('import', golden('z.f32'), '-o', new))
        self.fails('import: a class', 1, ['models.Generator'], run('import', golden('wrong-module.pth'), '-o', new))
        self.fails('import: encoder for 16 pixels', 1, ['128 or 256'],
                   run('import', golden('zip.pth'), '--encoder', golden('zip.pth'), '-o', new, '--samples', '0'))
        self.fails('import: no such layer', 1, ['layer'],
                   run('import', golden('zip.pth'), '--perceptual', golden('zip.pth'), '--taps', 'conv9_9', '-o', new))
        self.fails('import: no folder', 1, ['written'], run('import', golden('zip.pth'), '-o', self.at('none/new')))
        self.fails('sample: no prior', 1, ['no prior'],
                   run('sample', golden('../shallow.pack.safetensors'), '-o', self.at('new.png')))
        self.fails('sample: z of another length', 1, ['6 numbers'],
                   run('sample', self.pack, '--z', golden('net.f32'), '-o', self.at('new.f32')))
        self.fails('sample: seed and z', 2, ['no seed'],
                   run('sample', self.pack, '--z', golden('z.f32'), '--seed', '1', '-o', self.at('new.f32')))
        self.fails('sample: unknown image', 2, ['.bmp'], run('sample', self.pack, '-o', self.at('new.bmp')))
        self.fails('export: no such part', 1, ['no such part'],
                   run('export', self.pack, '--part', 'encoder', '-o', new))
        self.fails('export: part', 2, ['--part'], run('export', self.pack, '--part', 'nose', '-o', new))


def main():
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(folder)
        for name in [n for n in dir(tests) if n.startswith('test_')]:
            getattr(tests, name)()
        print(f'1..{tests.count}')
        return 1 if tests.failures else 0


sys.exit(main())
