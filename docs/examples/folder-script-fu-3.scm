; A folder of photos through Semantic Paint, with Script-Fu in GIMP 3.
;
;   gimp-console -i -d -f --batch-interpreter plug-in-script-fu-eval -b '(load "folder-script-fu-3.scm")' \
;     -b '(semantic-paint-folder "photos" "results" "tree" "high" 0 -1)' --quit
;
; Takes every NAME.png that has strokes in NAME-strokes.png beside it: a picture of the photo's size, painted where
; the concept is to go and transparent elsewhere. Writes NAME.xcf, whose new layer can be rendered again, and NAME.png.
; After the folders: the concept, the strength, the seed, and the steps (-1: the default).
; When anything fails, GIMP's exit status is 70.

(define (semantic-paint-file photo-path strokes-path stem concept strength seed steps)
  (let* ((image (car (gimp-file-load RUN-NONINTERACTIVE photo-path)))
         (photo (vector-ref (car (gimp-image-get-layers image)) 0))
         (strokes (car (gimp-file-load-layer RUN-NONINTERACTIVE image strokes-path))))
    (gimp-image-insert-layer image strokes 0 0)
    (gimp-item-set-visible strokes FALSE)
    (plug-in-semantic-paint #:run-mode RUN-NONINTERACTIVE #:image image #:drawables (vector photo)
                            #:strokes strokes #:concept concept #:operation "add" #:strength strength
                            #:seed seed #:steps steps)
    (gimp-file-save RUN-NONINTERACTIVE image (string-append stem ".xcf") -1)
    (gimp-file-save RUN-NONINTERACTIVE image (string-append stem ".png") -1)
    (gimp-image-delete image)))

(define (semantic-paint-folder photos results concept strength seed steps)
  (let ((paths (car (file-glob #:pattern (string-append photos "/*-strokes.png") #:filename-encoding TRUE))))
    (for-each
      (lambda (strokes-path)
        (let* ((length (- (string-length strokes-path) (string-length "-strokes.png")))
               (name (substring strokes-path (+ (string-length photos) 1) length)))
          (semantic-paint-file (string-append photos "/" name ".png") strokes-path
                               (string-append results "/" name) concept strength seed steps)))
      paths)))
