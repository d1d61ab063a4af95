#!/usr/bin/env python3
"""Published models through semantic-paint import, against PyTorch, in the full published shape.

Usage: test-import.py PROGRAM IMPORT_FEATURES [TEST...]. Prints TAP. Needs PyTorch (Debian's
python3-torch), which writes the files and says what comes out of them; weights are random.
"""
import copy, json, os, struct, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'import'))
import numpy, torch
import models

PROGRAM, FEATURES = sys.argv[1:3]
LIMIT = 1e-4  # of pictures and features, against their largest value where that is above 1


def run(*arguments, **keywords):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=600, **keywords)


class Tests:
    def __init__(self, folder):
        self.folder, self.count, self.failures = folder, 0, 0
        torch.manual_seed(1)
        self.z = torch.randn(1, 512)
        self.write('z.f32', self.z)

    def at(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, tensor):
        tensor.detach().numpy().astype('<f4').tofile(self.at(name))

    def read(self, name, shape):
        return torch.from_numpy(numpy.fromfile(self.at(name), '<f4')).view(shape)

    def check(self, what, fine, detail=''):
        self.count += 1
        self.failures += not fine
        print(f"{'ok' if fine else 'not ok'} {self.count} - {what}", flush=True)
        if detail != '':
            print('# ' + str(detail).replace('\n', '\n# '), flush=True)

    def compare(self, what, there, wanted):
        size = max(1.0, wanted.abs().max().item())
        error = (there - wanted).abs().max().item() / size
        self.check(what, error <= LIMIT, f'largest difference {error:.1e}, largest value {size:.2f}')

    def import_(self, what, path, *more):
        result = run(PROGRAM, 'import', path, '-o', self.at('pack'), '--samples', '0', *more)
        if result.returncode:
            self.check(what, False, result.stderr)
        return result.returncode == 0

    def picture(self, side):
        result = run(PROGRAM, 'sample', self.at('pack'), '--z', self.at('z.f32'), '-o', self.at('out.f32'))
        if result.returncode:
            print('# ' + result.stderr)
        return self.read('out.f32', (1, 3, side, side))

    def wanted(self, net):
        """In double precision: the judge's own rounding should not count."""
        with torch.no_grad():
            return copy.deepcopy(net).double()(self.z.double()).float()

    def generator(self, what, path, wanted, *more):
        if self.import_(what, path, *more):
            self.compare(what, self.picture(wanted.shape[-1]), wanted)

    # ---- Generators ----

    def test_pytorch(self):
        net = models.random_(models.Generator(models.PUBLISHED_256), 2)
        state = net.state_dict()
        wanted = self.wanted(net)
        path = self.at('net.pth')
        for form, zipped in (('legacy', False), ('zip', True)):
            def save(content):
                torch.save(content, path, _use_new_zipfile_serialization=zipped)
            save(state)
            self.generator(f'{form}: state dictionary', path, wanted)
            save({'epoch': 3, 'lr': 1e-3, 'note': 'text', 'state_dict': state, 'best': True})
            self.generator(f'{form}: wrapped', path, wanted)
            save({'model.' + name: value for name, value in state.items()})
            self.generator(f'{form}: model. before the names', path, wanted, '--clamp')
            save(models.strided(state))
            self.generator(f'{form}: other strides', path, wanted)
            save(models.shared(state))
            self.generator(f'{form}: one storage', path, wanted)
            save({name: nn_parameter(value) for name, value in state.items()})
            self.generator(f'{form}: parameters', path, wanted)
            half = {name: value.half() for name, value in state.items()}
            rounded = models.Generator(models.PUBLISHED_256)
            rounded.load_state_dict({name: value.float() for name, value in half.items()})
            wanted_half = self.wanted(rounded)
            save(half)
            self.generator(f'{form}: fp16', path, wanted_half)
        old = models.random_(models.OldGenerator(models.PUBLISHED_256), 3)
        wanted = self.wanted(old)
        for form, zipped in (('legacy', False), ('zip', True)):
            torch.save(old.state_dict(), path, _use_new_zipfile_serialization=zipped)
            self.generator(f'{form}: features.N with stored scales', path, wanted)

    def size(self, what, net):
        torch.save(net.state_dict(), self.at('net.pth'))
        wanted = self.wanted(net)
        self.generator(what, self.at('net.pth'), wanted)
        with torch.no_grad():
            own = net(self.z)
        print(f'# PyTorch\'s own in single precision: {(own - wanted).abs().max() / wanted.abs().max():.1e}')

    def test_sizes(self):
        for resolution in (8, 16, 32, 64, 128, 512, 1024):
            layers = 2 * (resolution.bit_length() - 2)
            channels = [512] + [max(8, 96 >> max(0, i // 2 - 1)) + i % 3 for i in range(layers)]
            self.size(f'{resolution} pixels', models.random_(models.Generator(channels), resolution))
        self.size('1024 pixels, published channels', models.random_(models.Generator(models.PUBLISHED_1024), 3))
        net = models.random_(models.Generator([512, 8, 8]), 4)
        torch.save(net.state_dict(), self.at('net.pth'))
        result = run(PROGRAM, 'import', self.at('net.pth'), '-o', self.at('pack'))
        self.check('4 pixels: told why not', result.returncode == 1 and '4 pixels' in result.stderr, result.stderr)

    def test_tensorflow(self):
        for fused in (False, True):
            variables = models.tensorflow_variables(models.PUBLISHED_256, fused, 4 + fused)
            wanted = models.tensorflow_picture(variables, self.z)
            for protocol in (2, 4):
                path = self.at('net.pkl')
                models.save_tensorflow(path, variables, protocol)
                self.generator(f'TensorFlow, {"fused" if fused else "unfused"}, protocol {protocol}', path, wanted)

    # ---- Encoder, perceptual net ----

    def features(self, picture):
        self.write('picture.f32', picture)
        result = run(FEATURES, self.at('pack'), self.at('picture.f32'), self.folder)
        self.check('features', result.returncode == 0, result.stderr)

    def test_parts(self):
        net = models.random_(models.Generator(models.PUBLISHED_256), 2)
        torch.save(net.state_dict(), self.at('net.pth'))
        encoder = models.random_encoder(models.Encoder(64, 512, 2), 5)
        vgg = models.random_encoder(models.Vgg16(), 6)
        picture = torch.rand(1, 3, 256, 256) * 2 - 1
        taps = {'conv1_2': 4, 'conv2_2': 9, 'conv3_3': 16, 'conv4_2': 21, 'conv5_3': 30}
        for form, zipped in (('legacy', False), ('zip', True)):
            torch.save({'state_dict': {'model.' + n: v for n, v in encoder.state_dict().items()}},
                       self.at('encoder.pth'), _use_new_zipfile_serialization=zipped)
            torch.save(vgg.state_dict(), self.at('vgg.pth'), _use_new_zipfile_serialization=zipped)
            if not self.import_(f'{form}: all parts', self.at('net.pth'), '--encoder', self.at('encoder.pth'),
                                '--perceptual', self.at('vgg.pth'), '--taps', ','.join(taps)):
                continue
            self.features(picture)
            with torch.no_grad():
                latent = encoder.resnet(picture)
                self.compare(f'{form}: encoder, z4', self.read('latent.f32', latent.shape), latent)
                z = encoder.heads(latent)
                self.compare(f'{form}: encoder, z', self.read('z.f32', z.shape), z)
                self.write('z.f32', self.z)  # the name is the tests' own too
                for tap, end in taps.items():
                    wanted = vgg.features[:end](picture)
                    self.compare(f'{form}: VGG16, {tap}', self.read(tap + '.f32', wanted.shape), wanted)
            self.export_encoder(f'{form}: encoder', models.Encoder(64, 512, 2), picture)
        narrow = models.random_(models.Generator([512] + [40] * 12), 7)
        torch.save(narrow.state_dict(), self.at('net.pth'))
        encoder = models.random_encoder(models.Encoder(16, 40, 1, heads=False), 8)
        torch.save(encoder.state_dict(), self.at('encoder.pth'))
        if self.import_('encoder of 128 pixels', self.at('net.pth'), '--encoder', self.at('encoder.pth')):
            picture = picture[:, :, :128, :128].contiguous()
            self.features(picture)
            with torch.no_grad():
                latent = encoder.resnet(picture)
            self.compare('encoder of 128 pixels, z4', self.read('latent.f32', latent.shape), latent)
            self.export_encoder('encoder of 128 pixels', models.Encoder(16, 40, 1, heads=False), picture)

    def export(self, what, net, *more):
        """Our exported weights in PyTorch's own class."""
        result = run(PROGRAM, 'export', self.at('pack'), '-o', self.at('out.safetensors'), *more)
        _, state = read_safetensors(self.at('out.safetensors'))
        missing, unexpected = net.load_state_dict(state, strict=False)
        missing = [name for name in missing if not name.endswith('num_batches_tracked')]
        self.check(what, result.returncode == 0 and not missing and not unexpected, (result, missing, unexpected))
        return net.eval()

    def export_encoder(self, what, empty, picture):
        self.features(picture)
        encoder = self.export(what + ': export', empty, '--part', 'encoder')
        with torch.no_grad():
            latent = encoder.resnet(picture)
            self.compare(what + ': our z4, PyTorch\'s of the exported weights',
                         self.read('latent.f32', latent.shape), latent)
            if hasattr(encoder, 'inv1'):
                z = encoder.heads(latent)
                self.compare(what + ': our z likewise', self.read('z.f32', z.shape), z)
        self.write('z.f32', self.z)

    # ---- Drawing, levels, the way back ----

    def test_draws(self):
        net = models.random_(models.Generator([512] + [48] * 8), 9)
        torch.save(net.state_dict(), self.at('net.pth'))
        scores = [-((unit * 7) % 48) / 48 for unit in range(48)]
        rankings = {'request': {'project': 'p', 'layer': 'layer4'}, 'res': [
            {'name': 'tree-ace', 'metric': 'ace', 'scores': scores},
            {'name': 'tree-iou', 'metric': 'iou', 'scores': [0.0] * 48},
            {'name': 'night sky-iou', 'metric': 'iou', 'scores': [-0.01 * (unit == 3) - 0.05 * (unit == 5) for unit in range(48)]},
            {'name': 'food-iou', 'metric': 'iou', 'scores': [-0.01] * 48},
            {'name': '--iou', 'metric': 'iou', 'scores': [0.0] * 48}]}
        json.dump(rankings, open(self.at('rankings.json'), 'w'))
        result = run(PROGRAM, 'import', self.at('net.pth'), '-o', self.at('pack'), '--rankings',
                     self.at('rankings.json'))
        self.check('import with rankings', result.returncode == 0, result.stdout + result.stderr)
        info = json.loads(run(PROGRAM, 'info', self.at('pack'), '--json').stdout)
        self.check('concepts', [c['name'] for c in info['concepts']] == ['tree', 'night-sky'], info)
        manifest, tensors = read_safetensors(self.at('pack'))
        units = json.loads(manifest['manifest'])['concepts']
        best = sorted(range(48), key=lambda unit: scores[unit])[:20]
        self.check('units', units[0]['units'] == best and units[1]['units'] == [5, 3], units)
        z = torch.from_numpy(numpy.random.RandomState(1).standard_normal((256, 512)).astype('f4'))
        with torch.no_grad():
            latent = net.latent(z)
        wanted = torch.quantile(latent.permute(1, 0, 2, 3).reshape(48, -1), 0.99, dim=1)
        self.compare('levels, of numpy\'s draws', tensors['latent.q99'], wanted)
        self.compare('p_c', tensors['concept.tree.value'], wanted)
        for seed, row in ((0, 0), (1, 104), (2026, 7)):
            z = numpy.random.RandomState(seed).standard_normal((row + 1, 512))[row].astype('f4')
            run(PROGRAM, 'sample', self.at('pack'), '--seed', str(seed), '--row', str(row), '-o', self.at('out.f32'))
            with torch.no_grad():
                wanted = net(torch.from_numpy(z)[None])
            self.compare(f'seed {seed}, row {row}', self.read('out.f32', wanted.shape), wanted)
        result = run(PROGRAM, 'export', self.at('pack'), '-o', self.at('out.safetensors'))
        _, back = read_safetensors(self.at('out.safetensors'))
        state = net.state_dict()
        self.check('export: the state dictionary again', set(back) == set(state)
                   and all(torch.equal(back[name], state[name]) for name in state), result.stdout)

    def test_published(self):
        """netdissect's own ranking of the church model, where a copy is at hand."""
        path = os.environ.get('SP_CHURCH_UNITS')
        if not path:
            return
        data = json.load(open(path))
        res = []
        for name, ranking in data['rankings'].items():
            scores = [0.0] * 512
            for unit, score in zip(ranking['units'], ranking['score']):
                scores[unit] = -score
            res.append({'name': name, 'metric': ranking['metric'], 'scores': scores})
        json.dump({'request': {'project': 'church', 'layer': 'layer4'}, 'res': res}, open(self.at('rankings.json'), 'w'))
        json.dump({'res': [[level] for level in data['levels']]}, open(self.at('levels.json'), 'w'))
        net = models.random_(models.Generator(models.PUBLISHED_256), 2)
        path = self.at('karras2018iclr-lsun-churchoutdoor-256x256.pkl')
        models.save_tensorflow(path, models.tensorflow_variables(models.PUBLISHED_256, False, 4), 4)
        result = run(PROGRAM, 'import', path, '-o', self.at('pack'), '--rankings', self.at('rankings.json'),
                     '--levels', self.at('levels.json'))
        self.check('church rankings', result.returncode == 0 and 'CC BY-NC' in result.stdout, result.stdout + result.stderr)
        manifest, tensors = read_safetensors(self.at('pack'))
        manifest = json.loads(manifest['manifest'])
        tree = manifest['concepts'][0]
        self.check('church: units and traps', tree['name'] == 'tree' and tree['units'][:5] == [119, 125, 157, 195, 365]
                   and manifest['excluded_units'] == [418], [c['name'] for c in manifest['concepts']])
        self.check('church: levels', abs(tensors['latent.q99'][418].item() - 76.2) < 0.1)


def nn_parameter(value):
    return torch.nn.Parameter(value) if value.dtype.is_floating_point else value


def read_safetensors(path):
    data = open(path, 'rb').read()
    length, = struct.unpack('<Q', data[:8])
    header = json.loads(data[8:8 + length])
    metadata = header.pop('__metadata__', {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry['data_offsets'])
        kind = {'F32': '<f4', 'F16': '<f2'}[entry['dtype']]
        values = numpy.frombuffer(data[begin:end], kind).astype('f4')
        tensors[name] = torch.from_numpy(values.copy()).view(entry['shape'])
    return metadata, tensors


def main():
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(folder)
        chosen = sys.argv[3:] or [name for name in dir(tests) if name.startswith('test_')]
        for name in chosen:
            getattr(tests, name)()
        print(f'1..{tests.count}')
        return 1 if tests.failures else 0


sys.exit(main())
