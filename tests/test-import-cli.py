#!/usr/bin/env python3
"""semantic-paint import, sample and export from outside, on the small files of tests/golden/import/.

Usage: test-import-cli.py PROGRAM GOLDEN_FOLDER BUNDLED_PACK. Prints TAP. Needs Python's standard
library alone.
"""
import json, os, shutil, struct, subprocess, sys, tempfile

PROGRAM, GOLDEN, BUNDLED = sys.argv[1:4]


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
        wanted, there = floats(golden('net.f32')), floats(out)
        self.check('sample: PyTorch\'s picture', len(there) == len(wanted) == 3 * 16 * 16
                   and max(abs(a - b) for a, b in zip(there, wanted)) < 1e-4)
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

    def test_4_wrong(self):
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
        self.fails('sample: no prior', 1, ['no prior'], run('sample', BUNDLED, '-o', self.at('new.png')))
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
